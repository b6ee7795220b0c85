"""Write the import library that a model library is linked against.

Source of the layouts: Microsoft "PE Format", sections "Archive (Library) File Format", "Import
Library Format" and "COFF Symbol Table". The members that link.exe wants beside the short imports
(import descriptors, the second linker member) are left out: lld makes them itself.
"""

from __future__ import annotations

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["RUNTIME", "write_library"]

#: Of <math.h>, what the UCRT exports in both precisions.
_MATH = (
    *("acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "copysign"),
    *("cos", "cosh", "erf", "erfc", "exp", "exp2", "expm1", "fdim", "floor", "fma", "fmax"),
    *("fmin", "fmod", "ilogb", "lgamma", "llrint", "llround", "log", "log10", "log1p", "log2"),
    *("logb", "lrint", "lround", "modf", "nan", "nearbyint", "nextafter", "nexttoward", "pow"),
    *("remainder", "remquo", "rint", "round", "scalbln", "scalbn", "sin", "sinh", "sqrt"),
    *("tan", "tanh", "tgamma", "trunc"),
)

#: What LLVM makes calls of, by the DLL of Windows or of Microsoft's C++ runtime that has it. A
#: name in none is an error of the linker, instead of a library that does not load.
RUNTIME: Mapping[str, tuple[str, ...]] = {
    "vcruntime140.dll": ("memchr", "memcmp", "memcpy", "memmove", "memset"),
    "ucrtbase.dll": (
        *("abort", "fabs", "frexp", "hypot", "ldexp", "strlen"),
        *_MATH,
        *(f"{name}f" for name in _MATH),
    ),
    "ntdll.dll": ("__chkstk",),
}

_SHORT_IMPORT = struct.Struct("<HHHHIIHH")
#: Import by the name as it stands (IMPORT_CODE, IMPORT_NAME).
_BY_NAME = 1 << 2
_OBJECT = struct.Struct("<HHIIIHH")
_SYMBOL = struct.Struct("<8sIhHBB")
_ABSOLUTE, _EXTERNAL = -1, 2
#: Compilers for Windows ask for this symbol where floating point is used; the C runtime has it
#: with this value.
_FLTUSED = (b"_fltused", 0x9875)


def write_library(imports: Mapping[str, Iterable[str]], machine: int) -> bytes:
    """Return an archive with the functions of each DLL (name -> functions), and ``_fltused``.

    ``machine`` is that of a COFF header: 0x8664 for x64, 0xAA64 for ARM64.
    """
    members: list[tuple[tuple[str, ...], bytes]]
    members = [((_FLTUSED[0].decode(),), _constant(machine))]
    for dll, names in imports.items():
        members += [((name, f"__imp_{name}"), _import(name, dll, machine)) for name in names]
    names = [name for symbols, _ in members for name in symbols]
    text = b"".join(name.encode() + b"\0" for name in names)
    offset = 8 + 60 + 4 + 4 * len(names) + len(text)
    offset += offset % 2
    offsets, bodies = [], []
    for symbols, data in members:
        offsets += [offset] * len(symbols)
        bodies.append(_member("import/", data))
        offset += len(bodies[-1])
    index = struct.pack(f">{len(names) + 1}I", len(names), *offsets) + text
    return b"!<arch>\n" + _member("/", index) + b"".join(bodies)


def _member(name: str, data: bytes) -> bytes:
    head = f"{name:<16}{0:<12}{'':<6}{'':<6}{0:<8}{len(data):<10}`\n".encode()
    return head + data + b"\n" * (len(data) % 2)


def _import(name: str, dll: str, machine: int) -> bytes:
    data = name.encode() + b"\0" + dll.encode() + b"\0"
    return _SHORT_IMPORT.pack(0, 0xFFFF, 0, machine, 0, len(data), 0, _BY_NAME) + data


def _constant(machine: int) -> bytes:
    """Return an object without sections that defines ``_fltused`` alone."""
    symbol = _SYMBOL.pack(_FLTUSED[0], _FLTUSED[1], _ABSOLUTE, 0, _EXTERNAL, 0)
    no_long_names = struct.pack("<I", 4)
    return _OBJECT.pack(machine, 0, 0, _OBJECT.size, 1, 0, 0) + symbol + no_long_names
