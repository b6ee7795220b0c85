"""The facts of a machine on which the choice of a toolchain depends."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError
from mlcbuild.msvc import DRIVEN
from mlcbuild.platforms import MACHINES, WINDOWS, WINDOWS_AMD64

if TYPE_CHECKING:
    from mlcbuild.toolchain.vswhere import VisualStudio

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


def architecture(name: str) -> str:
    """Return CMake's name (``x64``, ``ARM64``, ``Win32``) of an architecture.

    Unknown names unchanged.

    >>> [architecture(n) for n in ("win-amd64", "ARM64", "x86")]
    ['x64', 'ARM64', 'Win32']
    """
    machine = MACHINES.get(name.casefold(), "")
    return next((each.cmake for each in WINDOWS.values() if each.machine == machine), name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """A developer prompt, by its environment variables; ``target`` is empty where unknown."""

    #: ``x64``, ``ARM64``, ``Win32``.
    target: str = ""
    #: VCToolsVersion, e.g. ``14.44.35207``.
    tools: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """One machine and the Python that builds on it."""

    #: ``sys.platform``.
    platform: str
    #: The wheel's architecture by CMake's names; only used on Windows.
    target: str = WINDOWS_AMD64.cmake
    #: The processor, even where Python runs emulated.
    host: str = WINDOWS_AMD64.cmake
    #: The CMake that will run; None where a new one will be installed for the build.
    cmake: CMake | None = None
    #: None where vswhere is absent.
    visual_studios: tuple[VisualStudio, ...] | None = ()
    prompt: Prompt | None = None
    #: Whether Python was built by MinGW (MSYS2).
    mingw_python: bool = False
