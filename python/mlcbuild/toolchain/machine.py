"""The facts of a machine on which the choice of a toolchain depends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlcbuild.platforms import MACHINES, WINDOWS, WINDOWS_AMD64

if TYPE_CHECKING:
    from mlcbuild.toolchain.cmake import CMake
    from mlcbuild.toolchain.vswhere import VisualStudio


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
