"""Facts of a native library, read from its header without loading it: PE, ELF or Mach-O.

Offsets and constants: Microsoft "PE Format"; the System V ABI (ELF, gABI chapters 4 and 5);
Apple's ``mach-o/loader.h``.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DEBUG_CRT", "Image", "NotAnImageError", "read_image"]

#: A DLL of Microsoft's debug C or C++ runtime: msvcp140d, vcruntime140_1d, ucrtbased, ...
DEBUG_CRT: Final = (
    r"(?i:(?:msvcp|vcruntime|msvcr|concrt|vccorlib|mfc)\d+(?:_\d)?u?d(?:_\w+)?|ucrtbased|msvcrtd)"
    r"(?i:\.dll)"
)

_PE_MACHINES: Final = {0x014C: "x86", 0x8664: "x86_64", 0xAA64: "arm64", 0xA641: "arm64ec"}
_ELF_MACHINES: Final = {3: "x86", 62: "x86_64", 40: "arm", 183: "arm64", 243: "riscv64"}
_MACH_MACHINES: Final = {7: "x86", 0x01000007: "x86_64", 0x0100000C: "arm64"}

_PE32_PLUS: Final = 0x20B
_IMPORT_DIRECTORY: Final = 1
_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NEEDED, _DT_STRTAB = 1, 5
#: More sections, imports or architectures than any real library has: stop reading.
_MANY: Final = 4096


class NotAnImageError(ValueError):
    """The file is no native library, or it is cut off."""


class Image(NamedTuple):
    """What the header says: ``format`` is ``pe``, ``elf`` or ``mach-o``.

    ``machines`` has more than one entry for a universal Mach-O file. ``needed`` are the names of
    the libraries the loader must find (empty for Mach-O, which is not read that far).
    """

    format: str
    machines: tuple[str, ...]
    needed: tuple[str, ...] = ()

    @property
    def debug_crt(self) -> str | None:
        """The debug C or C++ runtime it imports, or None."""
        return next((name for name in self.needed if re.fullmatch(DEBUG_CRT, name)), None)


def read_image(path: Path) -> Image:
    """Read one file's facts.

    Raises ``NotAnImageError`` where it is not a library of a known format, ``OSError`` where it
    cannot be read.
    """
    with path.open("rb") as file:
        magic = file.read(4)
        try:
            if magic[:2] == b"MZ":
                return _pe(file)
            if magic == b"\x7fELF":
                return _elf(file)
            if magic in (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe"):
                return _mach(file, magic)
        except (struct.error, UnicodeDecodeError, OverflowError) as error:
            raise NotAnImageError("cut off or damaged") from error
    raise NotAnImageError("empty file" if not magic else f"starts with {magic!r}")


def _at(file: BinaryIO, offset: int, layout: str) -> tuple[int, ...]:
    file.seek(offset)
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _name(file: BinaryIO, offset: int) -> str:
    file.seek(offset)
    return file.read(512).split(b"\0", 1)[0].decode()


def _pe(file: BinaryIO) -> Image:
    (start,) = _at(file, 0x3C, "<I")
    file.seek(start)
    if file.read(4) != b"PE\0\0":
        raise NotAnImageError("an MS-DOS program, no PE image")
    machine, sections, _, _, _, optional_size, _ = _at(file, start + 4, "<HHIIIHH")
    optional = start + 24
    (magic,) = _at(file, optional, "<H")
    directories = optional + (112 if magic == _PE32_PLUS else 96)
    (count,) = _at(file, directories - 4, "<I")
    address = _at(file, directories + 8 * _IMPORT_DIRECTORY, "<II")[0] if count > 1 else 0
    table = [
        _at(file, optional + optional_size + 40 * index, "<8xIIII")
        for index in range(min(sections, _MANY))
    ]

    def offset(rva: int) -> int:
        for virtual_size, virtual, raw_size, raw in table:
            if virtual <= rva < virtual + max(virtual_size, raw_size):
                return rva - virtual + raw
        raise NotAnImageError("an address outside all sections")

    needed = []
    for index in range(_MANY if address else 0):
        name = _at(file, offset(address) + 20 * index, "<12xI4x")[0]
        if not name:
            break
        needed.append(_name(file, offset(name)))
    known = _PE_MACHINES.get(machine, f"machine 0x{machine:04x}")
    return Image(format="pe", machines=(known,), needed=tuple(needed))


def _elf(file: BinaryIO) -> Image:
    bits, order = _at(file, 4, "BB")
    mark, wide = ("<" if order == 1 else ">"), bits == 2  # noqa: PLR2004 - ELFCLASS64
    (machine,) = _at(file, 18, mark + "H")
    (headers,) = _at(file, 32 if wide else 28, mark + ("Q" if wide else "I"))
    size, count = _at(file, 54 if wide else 42, mark + "HH")
    loads, dynamic = [], (0, 0)
    for index in range(min(count, _MANY)):
        where = headers + index * size
        if wide:
            kind, offset, virtual, length = _at(file, where, mark + "I4xQQ8xQ")
        else:
            kind, offset, virtual, length = _at(file, where, mark + "III4xI")
        if kind == _PT_LOAD:
            loads.append((offset, virtual, length))
        elif kind == _PT_DYNAMIC:
            dynamic = (offset, length)
    entries = []
    word = struct.calcsize(mark + ("qQ" if wide else "iI"))
    for index in range(min(dynamic[1] // word, _MANY)):
        tag, value = _at(file, dynamic[0] + index * word, mark + ("qQ" if wide else "iI"))
        if tag == 0:
            break
        entries.append((tag, value))
    strings = next((value for tag, value in entries if tag == _DT_STRTAB), 0)
    base = next((strings - v + o for o, v, length in loads if v <= strings < v + length), strings)
    needed = tuple(_name(file, base + value) for tag, value in entries if tag == _DT_NEEDED)
    known = _ELF_MACHINES.get(machine, f"machine {machine}")
    return Image(format="elf", machines=(known,), needed=needed)


def _mach(file: BinaryIO, magic: bytes) -> Image:
    if magic == b"\xca\xfe\xba\xbe":  # universal: big-endian table of architectures
        (count,) = _at(file, 4, ">I")
        if count > _MANY:
            raise NotAnImageError("a Java class, no library")
        types = [_at(file, 8 + 20 * index, ">I")[0] for index in range(count)]
    else:
        types = list(_at(file, 4, "<I"))
    names = tuple(_MACH_MACHINES.get(kind, f"cpu type 0x{kind:x}") for kind in types)
    return Image(format="mach-o", machines=names)
