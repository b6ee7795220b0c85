"""The headers of one image, read by pefile, and the map from RVA to file offset."""

from __future__ import annotations

import bisect
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, cast

from mlcbuild.errors import InputError
from mlcbuild.pe.layout import (
    MAX_SECTIONS,
    PAGE,
    PE32,
    PE32_PLUS,
    SECTOR,
    doubts,
    immovable,
    mapped,
    refusals,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pefile

__all__ = ["Directory", "Headers", "NotPeError", "Section", "read_headers"]

#: IMAGE_SECTION_HEADER: name, sizes and addresses; what follows them is not read.
SECTION: Final = struct.Struct("<8s4I16x")
#: link.exe's stub and Rich header end below 0x200; a far e_lfanew would make the search unbounded.
RICH_LIMIT: Final = 0x1000


class NotPeError(InputError):
    """The bytes are not a PE image at all (or end within its headers)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Directory:
    """One data directory: address and size, both in memory."""

    rva: int
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One section header. Sizes and addresses in bytes."""

    name: str
    rva: int
    virtual_size: int
    offset: int
    raw_size: int


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
        """Copy what lies up to ``reach`` bytes before and after an address, and its address."""
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


class _Buffer:
    """The little of a bytes object that pefile uses, over a view: nothing big is copied."""

    def __init__(self, view: memoryview) -> None:
        self._view = view

    def __len__(self) -> int:
        return len(self._view)

    def __getitem__(self, where: slice) -> bytes:
        return bytes(self._view[where])

    def close(self) -> None:
        self._view = memoryview(b"")

    def find(self, what: bytes, start: int, end: int) -> int:
        found = bytes(self._view[start:end]).find(what)
        return found if found < 0 else found + start


def read_headers(data: memoryview, *, path: str) -> Headers:
    """Parse the headers with pefile (``fast_load``: no directory).

    Raises ``NotPeError`` where there are none to parse.
    """
    import pefile  # noqa: PLC0415  20 ms that only images cost

    buffer = _Buffer(data)
    try:
        pe = pefile.PE(data=cast("bytes", buffer), fast_load=True)
        return _headers(data, pe, path)
    except pefile.PEFormatError as error:
        why = str(error.args[0]).rstrip(".")  # pefile's own text is this one's repr
        raise NotPeError(f"{path}: not a PE image ({why})") from error
    except (ArithmeticError, AttributeError, LookupError, struct.error, ValueError) as error:
        # What pefile meets damage with where it does not expect any.
        raise NotPeError(f"{path}: not a PE image (damaged headers: {error})") from error
    finally:
        # pefile's objects refer to each other: they would hold the bytes until the next collection.
        buffer.close()


def _headers(data: memoryview, pe: pefile.PE, path: str) -> Headers:
    if pe.OPTIONAL_HEADER.Magic not in {PE32, PE32_PLUS}:
        raise NotPeError(f"{path}: not a PE image (optional header {pe.OPTIONAL_HEADER.Magic:#x})")
    sections = tuple(_sections(data, pe))
    optional = pe.OPTIONAL_HEADER
    rich, defects = _rich(pe)
    invalid, stuck = next(refusals(pe, sections, len(data)), None), immovable(pe)
    return Headers(
        data=data,
        machine=pe.FILE_HEADER.Machine,
        bits=32 if optional.Magic == PE32 else 64,
        characteristics=pe.FILE_HEADER.Characteristics,
        subsystem=optional.Subsystem,
        linker_version=(int(optional.MajorLinkerVersion), int(optional.MinorLinkerVersion)),
        image_base=optional.ImageBase,
        header_size=optional.SizeOfHeaders,
        flat=optional.SectionAlignment < PAGE,
        sections=sections,
        directories=tuple(
            Directory(rva=each.VirtualAddress, size=each.Size) for each in optional.DATA_DIRECTORY
        ),
        rich=rich,
        invalid=invalid or stuck,
        winerror=487 if stuck and not invalid else 193,
        defects=defects if invalid or stuck else (*defects, *doubts(pe, sections)),
        _starts=[section.rva for section in sections],
    )


def _sections(data: memoryview, pe: pefile.PE) -> Iterator[Section]:
    """Read the section table as it is: pefile leaves out the sections that it finds odd."""
    at = pe.OPTIONAL_HEADER.get_file_offset() + pe.FILE_HEADER.SizeOfOptionalHeader
    count = min(pe.FILE_HEADER.NumberOfSections, MAX_SECTIONS)
    table = data[at : at + SECTION.size * count]
    for row in SECTION.iter_unpack(table[: len(table) // SECTION.size * SECTION.size]):
        name, virtual_size, rva, raw_size, offset = row
        yield Section(
            name=name.rstrip(b"\0").decode("latin-1"),
            rva=rva,
            virtual_size=virtual_size,
            offset=offset,
            raw_size=raw_size,
        )


def _rich(pe: pefile.PE) -> tuple[tuple[tuple[int, int], ...], tuple[str, ...]]:
    if pe.DOS_HEADER.e_lfanew > RICH_LIMIT:
        return (), ()
    try:
        header = pe.parse_rich_header()
    except (IndexError, ValueError, struct.error) as error:
        return (), (f"Rich header cannot be read ({error})",)
    if header is None:
        return (), ()
    ids = header["values"][::2]
    return tuple((each >> 16, each & 0xFFFF) for each in ids), ()
