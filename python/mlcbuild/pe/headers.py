"""The headers of one image, and the map from RVA to file offset."""

from __future__ import annotations

import bisect
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from mlcbuild.pe.fields import PE32, Fields, Section, read_fields, read_rich
from mlcbuild.pe.layout import MAX_SECTIONS, PAGE, SECTOR, doubts, immovable, mapped, refusals

#: IMAGE_SECTION_HEADER: name, sizes and addresses; what follows them is not read.
SECTION: Final = struct.Struct("<8s4I16x")
#: link.exe's stub and Rich header end below 0x200; a far e_lfanew would make the search unbounded.
RICH_LIMIT: Final = 0x1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Directory:
    """One data directory: address and size, both in memory."""

    rva: int
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Headers:
    """What the headers say. ``rich`` holds (product id, build) of every Rich header entry."""

    data: memoryview
    machine: int
    bits: Literal[32, 64]
    characteristics: int
    subsystem: int
    linker_version: tuple[int, int]
    image_base: int
    header_size: int
    flat: bool
    sections: tuple[Section, ...]
    directories: tuple[Directory, ...]
    rich: tuple[tuple[int, int], ...]
    invalid: str | None
    winerror: int
    defects: tuple[str, ...]
    _starts: list[int] = field(repr=False)

    def directory(self, index: int) -> Directory | None:
        """Return a data directory by its number, None where the image has none."""
        if index >= len(self.directories) or not self.directories[index].rva:
            return None
        return self.directories[index]

    def region(self, rva: int) -> tuple[int, int, int]:
        """Return where the piece of the file that holds an address is mapped.

        The address of its first byte, its offset in the file, and its length; the length is 0
        where nothing of the file is mapped at ``rva``.
        """
        size = len(self.data)
        if self.flat or 0 <= rva < self.header_size:
            return (0, 0, size if self.flat else min(self.header_size, size))
        index = bisect.bisect_right(self._starts, rva) - 1
        if index < 0:
            return (0, 0, 0)
        section = self.sections[index]
        start = section.offset & ~(SECTOR - 1)
        length = min(section.raw_size + section.offset - start, mapped(section))
        return (section.rva, start, max(0, min(length, size - start)))

    def extent(self, rva: int) -> tuple[int, int]:
        """Return the file offset of an address and the bytes that follow it in its section.

        The count is 0 where nothing of the file is mapped there.
        """
        first, offset, length = self.region(rva)
        into = rva - first
        return (offset + into, length - into) if 0 <= into < length else (0, 0)

    def around(self, rva: int, reach: int) -> tuple[int, bytes]:
        """Copy what is up to ``reach`` bytes before and after an address, and its address."""
        first, offset, length = self.region(rva)
        low = max(0, rva - first - reach)
        high = max(low, min(length, rva - first + reach))
        return first + low, bytes(self.data[offset + low : offset + high])

    def view(self, rva: int, length: int) -> memoryview:
        """Return up to ``length`` bytes at an address; shorter where the section ends."""
        offset, left = self.extent(rva)
        return self.data[offset : offset + min(length, left)]

    def text(self, rva: int, limit: int) -> bytes | None:
        """Return the zero-ended bytes at an address, None when no zero comes within ``limit``."""
        offset, left = self.extent(rva)
        left = min(left, limit)
        step = 64
        while True:
            piece = bytes(self.data[offset : offset + min(step, left)])
            end = piece.find(b"\0")
            if end >= 0:
                return piece[:end]
            if step >= left:
                return None
            step *= 8


def read_headers(data: memoryview, *, path: str) -> Headers:
    """Read the headers, no directory. Raises ``NotPeError`` where there are none."""
    fields = read_fields(data, path=path)
    sections = tuple(_sections(data, fields))
    invalid, stuck = next(refusals(fields, sections, len(data)), None), immovable(fields)
    return Headers(
        data=data,
        machine=fields.machine,
        bits=32 if fields.magic == PE32 else 64,
        characteristics=fields.characteristics,
        subsystem=fields.subsystem,
        linker_version=fields.linker_version,
        image_base=fields.image_base,
        header_size=fields.header_size,
        flat=fields.section_alignment < PAGE,
        sections=sections,
        directories=tuple(Directory(rva=rva, size=size) for rva, size in fields.directories),
        rich=read_rich(data, fields.pe_at) if fields.pe_at <= RICH_LIMIT else (),
        invalid=invalid or stuck,
        winerror=487 if stuck and not invalid else 193,
        defects=() if invalid or stuck else tuple(doubts(fields, sections)),
        _starts=[section.rva for section in sections],
    )


def _sections(data: memoryview, fields: Fields) -> Iterator[Section]:
    """Read the section table unfiltered, including odd sections."""
    count = min(fields.section_count, MAX_SECTIONS)
    table = data[fields.table : fields.table + SECTION.size * count]
    for row in SECTION.iter_unpack(table[: len(table) // SECTION.size * SECTION.size]):
        name, virtual_size, rva, raw_size, offset = row
        yield Section(
            name=name.rstrip(b"\0").decode("latin-1"),
            rva=rva,
            virtual_size=virtual_size,
            offset=offset,
            raw_size=raw_size,
        )
