"""Which compiler made an image, and which MSVC toolset its newest object needs.

The Rich header holds one product id and build number for every kind of object linked; the linker
version in the optional header is only meaningful if link.exe wrote it.
"""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Final

from mlcbuild.pe.directories import REPRO, Debug

if TYPE_CHECKING:
    from mlcbuild.pe.facts import ImportedDll
    from mlcbuild.pe.headers import Headers

#: First build of each toolset's compiler: cl.exe 19.MM.BUILD belongs to toolset 14.(MM).
_FIRST_BUILDS: Final = (
    (23026, (14, 0)),
    (25017, (14, 10)),
    (25506, (14, 11)),
    (25830, (14, 12)),
    (26128, (14, 13)),
    (26428, (14, 14)),
    (26726, (14, 15)),
    (27023, (14, 16)),
    (27508, (14, 20)),
    (27702, (14, 21)),
    (27905, (14, 22)),
    (28105, (14, 23)),
    (28314, (14, 24)),
    (28610, (14, 25)),
    (28805, (14, 26)),
    (29110, (14, 27)),
    (29333, (14, 28)),
    (30037, (14, 29)),
    (30705, (14, 30)),
    (31103, (14, 31)),
    (31326, (14, 32)),
    (31629, (14, 33)),
    (31933, (14, 34)),
    (32215, (14, 35)),
    (32530, (14, 36)),
    (32822, (14, 37)),
    (33130, (14, 38)),
    (33519, (14, 39)),
    (33807, (14, 40)),
    (34120, (14, 41)),
    (34433, (14, 42)),
    (34808, (14, 43)),
    (35207, (14, 44)),
    (35700, (14, 50)),
    (36200, (14, 51)),
)
#: Product ids of Visual Studio 2015 and later. Older ones count builds anew (2013 ends at 40,660).
_FIRST_PRODUCT: Final = 0xFF
#: Import libraries: they come from the Windows SDK, and contain no code that needs a runtime.
_IMPORT_LIBRARY: Final = 0x101
#: Bytes of a section searched for a language's mark.
_MARK_LIMIT: Final = 0x400000
#: What Rust's standard library imports (its random numbers, locks and error texts).
_RUST_HINTS: Final = frozenset(
    {
        "ProcessPrng",
        "WaitOnAddress",
        "SystemFunction036",
        "BCryptGenRandom",
        "RtlNtStatusToDosError",
        "AddVectoredExceptionHandler",
    }
)
#: Precedes the build information of every Go program, in its first writable section.
_GO_MARK: Final = b"\xff Go buildinf:"


def toolset_of_build(build: int) -> tuple[int, int] | None:
    """Return the toolset of a Rich header's build number, e.g. 35229 -> (14, 44)."""
    at = bisect.bisect_right(_FIRST_BUILDS, build, key=lambda row: row[0]) - 1
    return _FIRST_BUILDS[at][1] if at >= 0 else None


def toolset_of_image(headers: Headers, producer: str) -> tuple[int, int] | None:
    """Return the newest toolset of any object, or link.exe's where nothing else is known."""
    builds = [
        build
        for product, build in headers.rich
        if product >= _FIRST_PRODUCT and product != _IMPORT_LIBRARY
    ]
    found = toolset_of_build(max(builds)) if builds else None
    if found is None and producer == "msvc":
        return headers.linker_version
    return found


def find_producer(headers: Headers, debug: Debug, imports: list[ImportedDll]) -> str:
    """Name the compiler family by what it leaves in the image.

    ``rust`` and ``go`` are recognised by their own marks, whatever linked them; ``msvc`` by the
    Rich header or link.exe's version; ``gnu`` by GNU ld's version (2.x); lld by its fixed 14.0
    without a Rich header, and there ``zig`` by the two options that only zig gives to lld together
    (MinGW's ``.buildid`` section and a reproducible time stamp).
    """
    symbols = {symbol.name for dll in imports for symbol in dll.symbols}
    if not symbols.isdisjoint(_RUST_HINTS) and _holds(headers, ".rdata", b"/rustc/"):
        return "rust"
    if headers.rich:
        return "msvc"
    # Go's own linker says 3.0; with cgo, GNU ld or lld links.
    if _holds(headers, ".text", b"Go build ID:", 0x1000) or _holds(headers, ".data", _GO_MARK):
        return "go"
    major, minor = headers.linker_version
    if major == 2:  # noqa: PLR2004
        return "gnu"
    if (major, minor) == (14, 0):
        mingw = any(section.name == ".buildid" for section in headers.sections)
        return "zig" if mingw and REPRO in debug.kinds else "clang"
    return "msvc" if 6 <= major <= 14 else "unknown"  # noqa: PLR2004  (48 is C#)


def _holds(headers: Headers, name: str, mark: bytes, limit: int = _MARK_LIMIT) -> bool:
    for section in headers.sections:
        if section.name == name:
            return mark in bytes(headers.view(section.rva, limit))
    return False
