"""PE images whose headers say odd things about their layout, for the loader to take or refuse.

Every image is a whole DLL of two sections but for what its name says. ``ODD`` names them all; a
test asks a real loader about each, and the reader must say the same.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

__all__ = ["ODD", "Layout", "Piece", "build", "scramble"]

TEXT = 0x60000020
DATA = 0xC0000040
EXPORTED = 0x10


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """One section header."""

    rva: int
    size: int
    offset: int
    raw: int
    flags: int = DATA


GOOD = (
    Piece(rva=0x1000, size=0x100, offset=0x400, raw=0x200, flags=TEXT),
    Piece(rva=0x2000, size=0x1800, offset=0x600, raw=0x400),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """What the headers of one image say. The defaults load."""

    pe_at: int = 0x80
    machine: int = 0x8664
    magic: int = 0x20B
    flags: int = 0x2022
    entry: int = 0
    base: int = 0x180000000
    section_alignment: int = 0x1000
    file_alignment: int = 0x200
    image_size: int = 0x4000
    header_size: int = 0x400
    subsystem: int = 2
    dll_flags: int = 0x160
    directories: int = 16
    optional_size: int | None = None
    sections: tuple[Piece, ...] = GOOD
    count: int | None = None
    file_size: int = 0xA00
    #: Data directories: number -> (address, size).
    tables: tuple[tuple[int, int, int], ...] = ()


def build(layout: Layout) -> bytes:
    """Return the bytes of the image."""
    optional = struct.pack("<HBBIIIII", layout.magic, 14, 44, 0x200, 0x400, 0, layout.entry, 0x1000)
    optional += struct.pack("<QII", layout.base, layout.section_alignment, layout.file_alignment)
    optional += struct.pack("<HHHHHHI", 6, 0, 0, 0, 6, 0, 0)
    optional += struct.pack("<II", layout.image_size & 0xFFFFFFFF, layout.header_size & 0xFFFFFFFF)
    optional += struct.pack("<IHH", 0, layout.subsystem, layout.dll_flags)
    optional += struct.pack("<4QII", 0x100000, 0x1000, 0x100000, 0x1000, 0, layout.directories)
    tables = bytearray(128)
    for number, rva, size in layout.tables:
        struct.pack_into("<II", tables, 8 * number, rva, size)
    optional += tables
    count = len(layout.sections) if layout.count is None else layout.count
    size = len(optional) if layout.optional_size is None else layout.optional_size
    head = struct.pack("<HHIIIHH", layout.machine, count, 0, 0, 0, size, layout.flags)
    data = bytearray(layout.file_size)
    headers = b"PE\0\0" + head + optional
    at = layout.pe_at + 24 + size
    rows = b"".join(
        struct.pack(
            "<8s6IHHI",
            b".s%d" % number,
            piece.size & 0xFFFFFFFF,
            piece.rva & 0xFFFFFFFF,
            piece.raw & 0xFFFFFFFF,
            piece.offset & 0xFFFFFFFF,
            0,
            0,
            0,
            0,
            piece.flags,
        )
        for number, piece in enumerate(layout.sections)
    )
    for where, block in ((layout.pe_at, headers), (at, rows)):
        piece_ = block[: max(0, len(data) - where)]
        data[where : where + len(piece_)] = piece_
    struct.pack_into("<2s58xI", data, 0, b"MZ", layout.pe_at)
    return bytes(data)


def _with(number: int, **changes: int) -> tuple[Piece, ...]:
    pieces = list(GOOD)
    pieces[number] = replace(pieces[number], **changes)
    return tuple(pieces)


def _sizes() -> dict[str, Layout]:
    found = {}
    for size in (0, 1, 0x1000, 0x2000, 0x3000, 0x3001, 0x3FFF, 0x3800, 0x4001, 0x5000, 0x100000):
        found[f"image-size-{size:x}"] = Layout(image_size=size)
    for size in (0x7FFF0000, 0x77000000, 0x77001000, 0x80000000, 0xFFFFF000, 0xFFFFFFFF):
        found[f"image-size-{size:x}"] = Layout(image_size=size)
    for at in (0, 1, 2, 0x10, 0x200, 0x800, 0x1001, 0x2000, 0x3000, 0x4000, 0x10000, 0x80000000):
        found[f"section-alignment-{at:x}"] = Layout(section_alignment=at)
        found[f"both-alignments-{at:x}"] = Layout(section_alignment=at, file_alignment=at)
    for at in (0, 1, 2, 3, 0x10, 0x100, 0x201, 0x400, 0x1000, 0x2000, 0x10000, 0x80000000):
        found[f"file-alignment-{at:x}"] = Layout(file_alignment=at)
    for size in (0, 1, 0x40, 0x80, 0x100, 0x1D8, 0x200, 0x3FF, 0x401, 0x600, 0x9FF, 0xA00, 0xA01):
        found[f"header-size-{size:x}"] = Layout(header_size=size)
    for size in (0x1000, 0x1001, 0x2000, 0x4000, 0x4001, 0x10000, 0xFFFFFFFF):
        found[f"header-size-{size:x}"] = Layout(header_size=size)
    for entry in (1, 0x400, 0x1000, 0x2000, 0x3FFF, 0x4000, 0x100000, 0xFFFFFFFF):
        found[f"entry-{entry:x}"] = Layout(entry=entry)
    return found


def _pieces() -> dict[str, Layout]:
    found = {}
    for at in (0, 0x200, 0x800, 0x1001, 0x1200, 0x2000, 0x3000, 0x4000, 0x10000, 0xFFFFF000):
        found[f"second-at-{at:x}"] = Layout(sections=_with(1, rva=at))
        found[f"first-at-{at:x}"] = Layout(sections=_with(0, rva=at))
        found[f"gap-{at:x}"] = Layout(sections=_with(1, rva=at), image_size=at + 0x3000)
    for size in (0, 1, 0x400, 0x1000, 0x1001, 0x2000, 0x2001, 0x3000, 0x7FFFFFFF, 0xFFFFFFFF):
        found[f"second-size-{size:x}"] = Layout(sections=_with(1, size=size))
        found[f"first-size-{size:x}"] = Layout(sections=_with(0, size=size))
    for raw in (0, 1, 0x1FF, 0x200, 0x3FF, 0x401, 0x600, 0x800, 0x10000, 0xFFFFFFFF, 0xFFFFFE00):
        found[f"second-raw-{raw:x}"] = Layout(sections=_with(1, raw=raw))
        found[f"second-raw-{raw:x}-short"] = Layout(sections=_with(1, raw=raw, size=0x100))
        found[f"second-raw-{raw:x}-zero"] = Layout(sections=_with(1, raw=raw, size=0))
    for at in (0, 1, 0x1FF, 0x200, 0x5FF, 0x601, 0x700, 0x800, 0x9FF, 0xA00, 0xA01, 0xFFFFFE00):
        found[f"second-offset-{at:x}"] = Layout(sections=_with(1, offset=at))
        found[f"second-offset-{at:x}-nothing"] = Layout(sections=_with(1, offset=at, raw=0))
    return found


def _files() -> dict[str, Layout]:
    found = {}
    for at in (0x40, 0x42, 0x44, 0x81, 0x84, 0x86, 0x100, 0x300, 0x400, 0x900, 0x9FC, 0xA00):
        found[f"pe-at-{at:x}"] = Layout(pe_at=at)
    for size in (0, 0x20, 0x60, 0x70, 0xE0, 0xEF, 0xF1, 0xF8, 0x100, 0x400, 0xFFFF):
        found[f"optional-size-{size:x}"] = Layout(optional_size=size)
    for size in (0x40, 0x80, 0x98, 0x180, 0x1D0, 0x1D8, 0x200, 0x400, 0x401, 0x5FF, 0x600, 0x601):
        found[f"file-size-{size:x}"] = Layout(file_size=size)
    for size in (0x800, 0x801, 0x9FF, 0xA01, 0x2000):
        found[f"file-size-{size:x}"] = Layout(file_size=size)
    for count in (0, 1, 3, 5, 10, 17, 20, 96, 97, 0xFFFF):
        found[f"count-{count}"] = Layout(count=count)
    many = tuple(Piece(rva=0x1000 * (at + 1), size=0x10, offset=0, raw=0) for at in range(96))
    for number in (60, 95, 96):
        found[f"many-{number}"] = Layout(
            sections=many[:number], image_size=0x100000, header_size=0x1200, file_size=0x1400
        )
    found["no-sections-header-only"] = Layout(sections=(), image_size=0x1000)
    return found


def _fields() -> dict[str, Layout]:
    found = {}
    for magic in (0, 0x107, 0x10B, 0x20C):
        found[f"magic-{magic:x}"] = Layout(magic=magic)
    for machine in (0, 0x14C, 0x1C4, 0xAA64, 0x8665):
        found[f"machine-{machine:x}"] = Layout(machine=machine)
    for flags in (0, 2, 0x20, 0x22, 0x2000, 0x2002, 0x2003, 0x2023, 0x3022, 0x6022, 0xA022):
        found[f"flags-{flags:x}"] = Layout(flags=flags)
    found["no-relocations-but-moves"] = Layout(flags=0x2023, dll_flags=0x40)
    for base in (0, 1, 0x1000, 0x10000, 0x10001, 0x7FF0000000000000, 0xFFFFFFFFFFFF0000):
        found[f"base-{base:x}"] = Layout(base=base)
        found[f"base-{base:x}-fixed"] = Layout(base=base, flags=0x2023, dll_flags=0)
    for number in (0, 1, 2, 15, 17, 0x10000, 0xFFFFFFFF):
        found[f"directories-{number:x}"] = Layout(directories=number)
    for kind in (0, 1, 2, 3, 9, 10, 14, 16, 0xFFFF):
        found[f"subsystem-{kind:x}"] = Layout(subsystem=kind)
    swapped = (GOOD[1], GOOD[0])
    found["out-of-order"] = Layout(sections=swapped)
    found["overlapping"] = Layout(sections=(GOOD[0], replace(GOOD[1], rva=0x1000)))
    found["shared-file"] = Layout(sections=(GOOD[0], replace(GOOD[1], offset=0x400, raw=0x200)))
    return found


def _flats() -> dict[str, Layout]:
    found = {}
    flat = tuple(replace(piece, rva=piece.offset, size=piece.raw) for piece in GOOD)
    for at in (1, 0x10, 0x20, 0x200, 0x800):
        found[f"flat-{at:x}"] = Layout(
            sections=flat, section_alignment=at, file_alignment=at, image_size=0xA00
        )
        found[f"flat-{at:x}-other-file-alignment"] = Layout(
            sections=flat, section_alignment=at, file_alignment=0x200, image_size=0xA00
        )
        found[f"flat-{at:x}-long"] = Layout(
            sections=flat, section_alignment=at, file_alignment=at, image_size=0x4000
        )
        found[f"flat-{at:x}-shifted"] = Layout(
            sections=(flat[0], replace(flat[1], rva=0x800)),
            section_alignment=at,
            file_alignment=at,
            image_size=0xC00,
        )
        found[f"flat-{at:x}-empty"] = Layout(
            sections=(), section_alignment=at, file_alignment=at, image_size=0xA00
        )
    return found


def _tables() -> dict[str, Layout]:
    found = {}
    for address in (0, 0x10, 0x2000, 0x3FF0, 0x4000, 0xFFFFFFF0):
        found[f"imports-at-{address:x}"] = Layout(tables=((1, address, 40),))
        found[f"exports-at-{address:x}"] = Layout(tables=((0, address, 40),))
        found[f"relocations-at-{address:x}"] = Layout(tables=((5, address, 12),))
        found[f"clr-at-{address:x}"] = Layout(tables=((14, address, 72),))
    found["writable-shared"] = Layout(sections=_with(1, flags=DATA | 0x10000000))
    return found


#: Name -> layout.
ODD = {
    "plain": Layout(),
    **_sizes(),
    **_pieces(),
    **_files(),
    **_fields(),
    **_flats(),
    **_tables(),
}

_EDGES = (0, 1, 0x1FF, 0x200, 0x400, 0x600, 0xFFF, 0x1000, 0x1001, 0x2000, 0x4000, 0xFFFFF000)


def scramble(random: random.Random) -> Layout:
    """Return a layout with one to three odd values."""
    layout = Layout()
    for _ in range(random.randrange(1, 4)):
        value = random.choice((*_EDGES, 0x200 * random.randrange(40), 0xFFFFFFFF))
        name = random.choice(
            ("section_alignment", "file_alignment", "image_size", "header_size", "file_size")
            + ("piece",) * 6
        )
        if name == "piece":
            pieces = list(layout.sections)
            at = random.randrange(len(pieces))
            field = random.choice(("rva", "size", "offset", "raw"))
            pieces[at] = replace(pieces[at], **{field: value})
            layout = replace(layout, sections=tuple(pieces))
        elif name == "file_size":
            layout = replace(layout, file_size=max(0x200, value & 0x1FFF))
        elif name.endswith("alignment"):
            power = 1 << random.randrange(15)
            layout = replace(layout, **{name: random.choice((power, power, value))})
        else:
            layout = replace(layout, **{name: value})
    return layout
