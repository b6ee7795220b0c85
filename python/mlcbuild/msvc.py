"""Visual Studio's releases, their toolsets, generators and runtimes: the one home of these facts.

Sources: Microsoft, "Overview of the Visual Studio build tools" and the table of compiler versions;
CMake's release notes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: The C++ library, and the C runtime's own part; the second is for x64 and ARM64EC alone, whose
#: exceptions it handles. All came with 2015 and have kept their names.
MSVCP: Final = "msvcp140.dll"
VCRUNTIME: Final = "vcruntime140.dll"
VCRUNTIME_1: Final = "vcruntime140_1.dll"
RUNTIMES: Final = (MSVCP, VCRUNTIME, VCRUNTIME_1)
#: The Universal CRT, part of Windows: the DLL, and how the names of its API sets begin.
UCRT: Final = "ucrtbase.dll"
UCRT_SETS: Final = "api-ms-win-crt-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """One release; newest first in ``RELEASES``."""

    major: int
    year: int
    #: The platform toolset of MSBuild: ``v143``.
    platform_toolset: str
    #: The first and the last version of its compilers, as of their folders.
    first_toolset: tuple[int, int]
    last_toolset: tuple[int, int]
    #: The first CMake with its generator.
    cmake: tuple[int, int]

    @property
    def generator(self) -> str:
        """CMake's name of it."""
        return f"Visual Studio {self.major} {self.year}"

    @property
    def short(self) -> str:
        """A label: ``VS 2022``."""
        return f"VS {self.year}"

    @property
    def folder(self) -> str:
        """Its folder below ``Microsoft Visual Studio``: the year, since 2026 the major version."""
        return str(self.year if self.major < 18 else self.major)  # noqa: PLR2004 - as said


RELEASES: Final = (
    Release(
        major=18,
        year=2026,
        platform_toolset="v145",
        first_toolset=(14, 50),
        last_toolset=(14, 51),
        cmake=(4, 2),
    ),
    Release(
        major=17,
        year=2022,
        platform_toolset="v143",
        first_toolset=(14, 30),
        last_toolset=(14, 44),
        cmake=(3, 21),
    ),
    Release(
        major=16,
        year=2019,
        platform_toolset="v142",
        first_toolset=(14, 20),
        last_toolset=(14, 29),
        cmake=(3, 14),
    ),
    Release(
        major=15,
        year=2017,
        platform_toolset="v141",
        first_toolset=(14, 10),
        last_toolset=(14, 16),
        cmake=(3, 8),
    ),
    Release(
        major=14,
        year=2015,
        platform_toolset="v140",
        first_toolset=(14, 0),
        last_toolset=(14, 0),
        cmake=(3, 1),
    ),
    Release(
        major=12,
        year=2013,
        platform_toolset="v120",
        first_toolset=(12, 0),
        last_toolset=(12, 0),
        cmake=(3, 0),
    ),
)
#: Those that vswhere finds and a build can take, by major version.
DRIVEN: Final = {each.major: each for each in RELEASES if each.major >= 15}  # noqa: PLR2004 - 2017
#: The first version whose compiler has C++20 whole (MSVC 19.29), which TVM is written in.
OLDEST: Final = (16, 11)


def release_of_toolset(version: tuple[int, ...]) -> Release | None:
    """Return the release that a compiler (``(14, 44, 35207)``) came with; None for older ones."""
    return next((each for each in RELEASES if version[:2] >= each.first_toolset), None)
