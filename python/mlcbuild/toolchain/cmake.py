"""A CMake's version and generators (``cmake -E capabilities``)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from mlcbuild.errors import InputError
from mlcbuild.msvc import DRIVEN

NINJA: Final = "Ninja Multi-Config"
#: The first CMake with it.
_NINJA_MULTI: Final = (3, 17)


@dataclass(frozen=True, kw_only=True, slots=True)
class CMake:
    """One CMake. ``generators`` is empty where unknown; then the version decides."""

    version: tuple[int, ...]
    generators: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """The version as text."""
        return ".".join(map(str, self.version))

    def knows(self, generator: str) -> bool:
        """Return whether this CMake has the generator."""
        if self.generators:
            return generator in self.generators
        match = re.match(r"Visual Studio (\d+)", generator)
        if match is None:
            return self.version >= _NINJA_MULTI
        release = DRIVEN.get(int(match[1]))
        return release is not None and self.version >= release.cmake


def visual_studio_generator(major: int) -> tuple[str, str]:
    """Return the generator of a major version and the first CMake with it; empty if unknown."""
    release = DRIVEN.get(major)
    return (release.generator, ".".join(map(str, release.cmake))) if release else ("", "")


def read_capabilities(data: bytes) -> CMake:
    """Parse ``cmake -E capabilities`` (JSON). Raises ``InputError`` for anything else."""
    try:
        table = json.loads(data.decode("utf-8-sig"))
        version = table["version"]
        return CMake(
            version=(int(version["major"]), int(version["minor"]), int(version["patch"])),
            generators=frozenset(str(entry["name"]) for entry in table["generators"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"CMake's capabilities cannot be read ({type(error).__name__}: {error})",
            remedy='install CMake again (pip install -U "cmake>=3.26")',
        ) from error
