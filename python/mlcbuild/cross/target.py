"""The Python a wheel is for: version, platform, and derived names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlcbuild.errors import UsageError
from mlcbuild.lab.downloads import python_download
from mlcbuild.loader.python_process import machine_of_tags
from mlcbuild.platforms import ARM64, CROSS, Machine

#: The supported platform tags.
PLATFORMS: Final = tuple(each.tag for each in CROSS)
#: The first CPython that python.org has for Windows on ARM64.
_FIRST_ARM64: Final = 11
_VERSION: Final = re.compile(r"3\.(\d{1,2})(t?)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One CPython on one Windows platform (``win_amd64``)."""

    minor: int
    #: Micro version of the CPython whose headers are used.
    micro: int
    free_threaded: bool = False
    platform: str = PLATFORMS[0]

    @property
    def version(self) -> str:
        """The version as text: ``3.13t``."""
        return f"3.{self.minor}{'t' if self.free_threaded else ''}"

    @property
    def abi(self) -> str:
        """The ABI's tag: ``cp313t``."""
        return f"cp3{self.minor}{'t' if self.free_threaded else ''}"

    @property
    def soabi(self) -> str:
        """The tag before ``.pyd`` in an extension module's name: ``cp313-win_amd64``."""
        return f"{self.abi}-{self.platform}"

    @property
    def machine(self) -> Machine:
        """The machine of its images."""
        return machine_of_tags((self.platform,)) or "unknown"


def proven_names(version: str) -> Path:
    """Return the file with the known exports of a free-threaded CPython (``3.13t``)."""
    return Path(__file__).parent / "data" / f"python{version.replace('.', '')}.txt"


def read_targets(words: Iterable[str], platform: str) -> tuple[Target, ...]:
    """Read ``3.11,3.13`` and the like, each once.

    Raises ``UsageError`` for an invalid CPython version, or one without pinned headers.
    """
    found: dict[Target, None] = {}
    for word in (part.strip() for text in words for part in text.split(",")):
        match = _VERSION.fullmatch(word)
        if match is None:
            raise UsageError(
                f"--python {word or repr(word)} is not a supported CPython",
                remedy="write it as 3.11,3.13",
            )
        if match[2] and not proven_names(word).is_file():
            raise UsageError(
                f"--python {word}: its DLL's exports are unknown",
                remedy=f"leave it out, or use {word.rstrip('t')}",
            )
        if platform == ARM64 and int(match[1]) < _FIRST_ARM64:
            raise UsageError(
                f"CPython {word} does not exist for Windows on ARM64",
                remedy=f"use 3.{_FIRST_ARM64} or later",
            )
        micro = int(python_download(word.rstrip("t")).version.rpartition(".")[2])
        target = Target(
            minor=int(match[1]), micro=micro, free_threaded=bool(match[2]), platform=platform
        )
        found[target] = None
    return tuple(found)
