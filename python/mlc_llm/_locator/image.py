"""Facts of a native library, read from its header without loading it: PE, ELF or Mach-O.

Offsets and constants: Microsoft "PE Format"; the System V ABI (ELF, gABI chapters 4 and 5);
Apple's ``mach-o/loader.h`` and ``fat.h``. Every import of mlc_llm reads one file with this.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import struct
    from typing import BinaryIO
else:
    import _struct as struct  # half the time of its Python module

__all__ = ["Image", "NotAnImageError", "is_debug_crt", "read_image"]

_PE_MACHINES = {0x014C: "x86", 0x8664: "x86_64", 0xAA64: "arm64", 0xA641: "arm64ec"}
_ELF_MACHINES = {3: "x86", 62: "x86_64", 40: "arm", 183: "arm64", 243: "riscv64"}
_MACH_MACHINES = {7: "x86", 12: "arm", 0x01000007: "x86_64", 0x0100000C: "arm64"}

_PE32_PLUS = 0x20B
_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NEEDED, _DT_STRTAB = 1, 5
#: LC_LOAD_DYLIB, LC_LOAD_WEAK_DYLIB, LC_REEXPORT_DYLIB.
_MACH_LOADS = (0xC, 0x80000018, 0x8000001F)
#: First four bytes of a Mach-O file -> byte order and size of its header.
_MACH_MAGICS = {
    b"\xcf\xfa\xed\xfe": ("<", 32),
    b"\xce\xfa\xed\xfe": ("<", 28),
    b"\xfe\xed\xfa\xcf": (">", 32),
    b"\xfe\xed\xfa\xce": (">", 28),
}
#: First four bytes of a universal file -> its table's row: cpu type, then offset.
_MACH_FAT = {b"\xca\xfe\xba\xbe": (">I4xI8x", 20), b"\xca\xfe\xba\xbf": (">I4xQ16x", 32)}
#: More sections, imports or architectures than any real library has: stop reading.
_MANY = 4096
_ARCHITECTURES = 32

_DEBUG_FAMILIES = ("msvcp", "vcruntime", "msvcr", "concrt", "vccorlib", "mfc")


class NotAnImageError(ValueError):
    """The file is not a native library, or is truncated."""


class Image:
    """What the header says.

    ``format`` is ``pe``, ``elf`` or ``mach-o``; ``machines`` has more than one entry for a
    universal Mach-O file; ``needed`` are the names of the libraries the loader must find;
    ``linker`` is the version of the linker that made a PE image.
    """

    __slots__ = ("format", "linker", "machines", "needed")

    def __init__(
        self,
        format: str,  # noqa: A002 - the field's word
        machines: tuple[str, ...],
        needed: tuple[str, ...] = (),
        linker: tuple[int, int] = (0, 0),
    ) -> None:
        self.format = format
        self.machines = machines
        self.needed = needed
        self.linker = linker

    @property
    def debug_crt(self) -> str | None:
        """The debug C or C++ runtime it imports, or None."""
        return next((name for name in self.needed if is_debug_crt(name)), None)


def is_debug_crt(name: str) -> bool:
    """Tell a DLL of Microsoft's debug runtimes: msvcp140d, vcruntime140_1d, ucrtbased, ..."""
    stem, dot, suffix = name.lower().rpartition(".")
    if not dot or suffix != "dll":
        return False
    if stem in ("ucrtbased", "msvcrtd"):
        return True
    for family in _DEBUG_FAMILIES:
        rest = stem[len(family) :]
        if stem.startswith(family) and rest[:1].isdigit():
            rest = rest.lstrip("0123456789")
            if rest[:1] == "_" and rest[1:2].isdigit():
                rest = rest[2:]
            rest = rest.removeprefix("u")
            return rest == "d" or rest.startswith("d_")
    return False


def read_image(path: str) -> Image:
    """Read one file's facts.

    Raises ``NotAnImageError`` where it is not a library of a known format, ``OSError`` where it
    cannot be read.
    """
    with open(path, "rb") as file:
        magic = file.read(4)
        try:
            if magic[:2] == b"MZ":
                return _pe(file)
            if magic == b"\x7fELF":
                return _elf(file)
            if magic in _MACH_FAT:
                return _mach_universal(file, magic)
            if magic in _MACH_MAGICS:
                return _mach(file, 0)
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
    magic, linker_major, linker_minor = _at(file, optional, "<HBB")
    directories = optional + (112 if magic == _PE32_PLUS else 96)
    (count,) = _at(file, directories - 4, "<I")
    address = _at(file, directories + 8, "<II")[0] if count > 1 else 0
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
    return Image("pe", (known,), tuple(needed), (linker_major, linker_minor))


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
    return Image("elf", (known,), needed)


def _mach_universal(file: BinaryIO, magic: bytes) -> Image:
    layout, size = _MACH_FAT[magic]
    (count,) = _at(file, 4, ">I")
    if count > _ARCHITECTURES:  # a Java class begins alike; this is then its version, 45 or more
        raise NotAnImageError("a Java class, no library")
    rows = [_at(file, 8 + size * index, layout) for index in range(count)]
    machines = tuple(_MACH_MACHINES.get(kind, f"cpu type 0x{kind:x}") for kind, _ in rows)
    try:
        needed = _mach(file, rows[0][1]).needed if rows else ()
    except (struct.error, NotAnImageError):
        needed = ()  # the table tells the machines; the rest is the loader's business
    return Image("mach-o", machines, needed)


def _mach(file: BinaryIO, start: int) -> Image:
    file.seek(start)
    known = _MACH_MAGICS.get(file.read(4))
    if known is None:
        raise NotAnImageError("a universal file whose first part is no Mach-O image")
    mark, header = known
    kind, _, _, count = _at(file, start + 4, mark + "IIII")
    needed, at = [], start + header
    for _ in range(min(count, _MANY)):
        command, size = _at(file, at, mark + "II")
        if command in _MACH_LOADS:
            needed.append(_name(file, at + _at(file, at + 8, mark + "I")[0]))
        at += size
    return Image("mach-o", (_MACH_MACHINES.get(kind, f"cpu type 0x{kind:x}"),), tuple(needed))
