"""The headers of one image, read by pefile, and the map from RVA to file offset."""

from __future__ import annotations

import bisect
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, cast

from mlcbuild.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pefile

__all__ = ["Directory", "Headers", "NotPeError", "Section", "read_headers"]

PE32: Final = 0x10B
PE32_PLUS: Final = 0x20B
EXECUTABLE_IMAGE: Final = 0x0002
PAGE: Final = 0x1000
SECTOR: Final = 0x200
SECTION_HEADER: Final = 40
#: link.exe's stub and Rich header end below 0x200; a far e_lfanew would make the search unbounded.
RICH_LIMIT: Final = 0x1000
#: Windows refuses an image with more (MiCreateImageFileMap).
MAX_SECTIONS: Final = 96
#: Machine -> the optional header's magic it must have.
MAGIC_OF: Final = {0x14C: PE32, 0x1C4: PE32, 0x8664: PE32_PLUS, 0xAA64: PE32_PLUS}


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
        mapped = min(section.raw_size, _align(section.virtual_size or section.raw_size, PAGE))
        return (section.rva, start, max(0, min(mapped, size - start)))

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
    sections = tuple(
        Section(
            name=section.Name.rstrip(b"\0").decode("latin-1"),
            rva=section.VirtualAddress,
            virtual_size=section.Misc_VirtualSize,
            offset=section.PointerToRawData,
            raw_size=section.SizeOfRawData,
        )
        for section in pe.sections
    )
    optional = pe.OPTIONAL_HEADER
    rich, defects = _rich(pe)
    if len(sections) < pe.FILE_HEADER.NumberOfSections:
        defects += (f"only {len(sections)} of {pe.FILE_HEADER.NumberOfSections} sections read",)
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
        invalid=next(_refusals(pe, sections, len(data)), None),
        defects=defects,
        _starts=[section.rva for section in sections],
    )


def _align(value: int, to: int) -> int:
    return (value + to - 1) & ~(to - 1)


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


def _refusals(pe: pefile.PE, sections: tuple[Section, ...], size: int) -> Iterator[str]:
    """Give the reasons why Windows would not map the image into any process (error 193).

    These are the checks of the section object's creation that damaged files meet in practice.
    """
    header, optional = pe.FILE_HEADER, pe.OPTIONAL_HEADER
    if not header.Characteristics & EXECUTABLE_IMAGE:
        yield "the header's flags say that linking failed (not an executable image)"
    if MAGIC_OF.get(header.Machine, optional.Magic) != optional.Magic:
        yield f"machine {header.Machine:#x} with an optional header of the other width"
    if pe.DOS_HEADER.e_lfanew % 4:
        yield "the PE header is not aligned to four bytes"
    if header.NumberOfSections > MAX_SECTIONS:
        yield f"{header.NumberOfSections} sections, Windows takes {MAX_SECTIONS}"
    for value in (optional.FileAlignment, optional.SectionAlignment):
        if value == 0 or value & (value - 1):
            yield f"alignment {value:#x} is not a power of two"
    table = optional.get_file_offset() + header.SizeOfOptionalHeader
    if table + SECTION_HEADER * header.NumberOfSections > size:
        yield "cut short within its headers"
    for section in sections:
        if section.offset and section.offset + section.raw_size > size:
            missing = section.offset + section.raw_size - size
            yield f"cut short: section {section.name!r} lacks {missing} bytes of the file"
