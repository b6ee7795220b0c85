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

_MAGIC = b"!<arch>\n"
_SHORT_IMPORT = struct.Struct("<HHHHIIHH")
#: Import by the name as it stands (IMPORT_CODE, IMPORT_NAME).
_BY_NAME = 1 << 2
_OBJECT = struct.Struct("<HHIIIHH")
_SYMBOL = struct.Struct("<8sIhHBB")
_ABSOLUTE, _EXTERNAL = -1, 2
#: Compilers for Windows ask for this symbol where floating point is used; the C runtime has it
#: with this value.
_FLTUSED = (b"_fltused", 0x9875)


def write_library(
    imports: Mapping[str, Iterable[str]],
    machine: int,
    constants: tuple[tuple[bytes, int], ...] = (_FLTUSED,),
) -> bytes:
    """Return an archive with the functions of each DLL (name -> functions), and ``_fltused``.

    ``machine`` is that of a COFF header: 0x8664 for x64, 0xAA64 for ARM64. This runs where mlcbuild
    is not, so it is a second writer; without ``constants`` its bytes are those of
    ``mlcbuild.pe.import_library`` (tests/linker/test_same_library.py).
    """
    found: dict[str, tuple[str, bytes]] = {}
    for dll, names in imports.items():
        for name in sorted(names):
            found.setdefault(name, (dll, _import(name, dll, machine)))
    long_names, at = b"", {}
    for dll in imports:
        at[dll] = f"/{len(long_names)}"
        long_names += f"{dll}/\n".encode()
    members: list[tuple[tuple[str, ...], bytes]]
    members = [((f"__imp_{n}", n), _member(at[dll], data)) for n, (dll, data) in found.items()]
    for constant in constants:
        body = _member("const/", _constant(constant, machine))
        members.append(((constant[0].decode(),), body))
    symbols = [name for names, _ in members for name in names]
    text = b"".join(name.encode() + b"\0" for name in symbols)
    names_member = _member("//", long_names)
    size = 4 + 4 * len(symbols) + len(text)
    offset = len(_MAGIC) + 60 + size + size % 2 + len(names_member)
    offsets = []
    for names, body in members:
        offsets += [offset] * len(names)
        offset += len(body)
    index = struct.pack(f">{len(symbols) + 1}I", len(symbols), *offsets) + text
    return b"".join([_MAGIC, _member("/", index), names_member, *(body for _, body in members)])


def _member(name: str, data: bytes) -> bytes:
    head = f"{name:<16}{0:<12}{0:<6}{0:<6}{0:<8}{len(data):<10}`\n".encode()
    return head + data + b"\n" * (len(data) % 2)


def _import(name: str, dll: str, machine: int) -> bytes:
    data = name.encode() + b"\0" + dll.encode() + b"\0"
    return _SHORT_IMPORT.pack(0, 0xFFFF, 0, machine, 0, len(data), 0, _BY_NAME) + data


def _constant(constant: tuple[bytes, int], machine: int) -> bytes:
    """Return an object without sections that defines one symbol alone."""
    symbol = _SYMBOL.pack(*constant, _ABSOLUTE, 0, _EXTERNAL, 0)
    no_long_names = struct.pack("<I", 4)
    return _OBJECT.pack(machine, 0, 0, _OBJECT.size, 1, 0, 0) + symbol + no_long_names
