"""Whether Windows can map an image, by the sizes, alignments and sections in its headers.

``refusals`` are the checks for creating and mapping the section object, which Windows and
Wine both make: any of them is error 193. ``doubts`` are checks that only Windows makes and that no
published loader confirms: they are reported, but change no verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from mlcbuild.pe.fields import PE32, PE32_PLUS, Fields, Section

EXECUTABLE_IMAGE: Final = 0x0002
RELOCATIONS_STRIPPED: Final = 0x0001
#: File offsets of sections count in sectors, whatever FileAlignment says.
SECTOR: Final = 0x200
PAGE: Final = 0x1000
#: Images start at multiples of this (the allocation granularity of Windows).
GRANULE: Final = 0x10000
SECTION_HEADER: Final = 40
#: Windows refuses an image with more (MiCreateImageFileMap).
MAX_SECTIONS: Final = 96
#: MM_SIZE_OF_LARGEST_IMAGE.
LARGEST_IMAGE: Final = 0x77000000
#: First address that no user process has: of 32-bit processes without /LARGEADDRESSAWARE, 64-bit.
_TOP: Final = {PE32: 0x7FFF0000, PE32_PLUS: 0x7FFFFFFF0000}
#: Machine -> the optional header's magic it must have.
MAGIC_OF: Final = {0x14C: PE32, 0x1C4: PE32, 0x8664: PE32_PLUS, 0xAA64: PE32_PLUS}


def align(value: int, to: int) -> int:
    """Round up to a multiple of a power of two."""
    return (value + to - 1) & ~(to - 1)


def mapped(section: Section) -> int:
    """Return the bytes of address space that a section takes, in whole pages."""
    return align(section.virtual_size or section.raw_size, PAGE)


def refusals(fields: Fields, sections: Sequence[Section], size: int) -> Iterator[str]:
    """Give the reasons why the image is mapped into no process (error 193).

    ``size`` is the file's, in bytes.
    """
    if not fields.characteristics & EXECUTABLE_IMAGE:
        yield "the header's flags say that linking failed (not an executable image)"
    if MAGIC_OF.get(fields.machine, fields.magic) != fields.magic:
        yield f"machine {fields.machine:#x} with an optional header of the other width"
    if fields.pe_at % 4:
        yield "the PE header is not aligned to four bytes"
    if fields.section_count > MAX_SECTIONS:
        yield f"{fields.section_count} sections, Windows takes {MAX_SECTIONS}"
    for value in (fields.file_alignment, fields.section_alignment):
        if value == 0 or value & (value - 1):
            yield f"alignment {value:#x} is not a power of two"
    end_of_table = fields.table + SECTION_HEADER * fields.section_count
    if end_of_table > size:
        yield "cut short within its headers"
    # Windows rounds up in 32 bits: from 4 GB - 4,095 bytes on nothing is left.
    image_size = align(fields.image_size, PAGE) & 0xFFFFFFFF
    if end_of_table > image_size:
        yield f"its headers do not fit into SizeOfImage {fields.image_size:#x}"
    if fields.section_alignment < PAGE:
        yield from _flat(fields, sections)
    else:
        yield from _sections(sections, image_size, size)


def _flat(fields: Fields, sections: Sequence[Section]) -> Iterator[str]:
    """Check an image with an alignment below a page: the file is mapped unchanged."""
    if fields.file_alignment != fields.section_alignment:
        yield (
            f"section alignment {fields.section_alignment:#x} is below a page, so it must be "
            f"the file alignment, {fields.file_alignment:#x}"
        )
    for section in sections:
        if section.rva != section.offset:
            yield (
                f"section {section.name!r} lies at {section.offset:#x} of the file and "
                f"{section.rva:#x} in memory, which a section alignment below a page forbids"
            )


def _sections(sections: Sequence[Section], image_size: int, size: int) -> Iterator[str]:
    for section in sections:
        name = repr(section.name)
        end = section.rva + mapped(section)
        if end > image_size:
            yield f"section {name} ends at {end:#x}, outside SizeOfImage {image_size:#x}"
        if not section.offset or not section.raw_size:
            continue  # nothing of the file is mapped
        if section.rva % PAGE:
            yield f"section {name} does not begin on a page: {section.rva:#x}"
        if section.rva == 0:
            yield f"section {name} overlaps the headers"
        start = section.offset & ~(SECTOR - 1)
        needed = start + min(section.raw_size + section.offset - start, mapped(section))
        if needed > size:
            yield f"cut short: section {name} is missing {needed - size} bytes of the file"


def immovable(fields: Fields) -> str | None:
    """Return why no address is available for the image (error 487); None if one is.

    Without relocations it must be mapped at ``ImageBase``.
    """
    if not fields.characteristics & RELOCATIONS_STRIPPED:
        return None
    base, end = fields.image_base, fields.image_base + fields.image_size
    if base >= GRANULE and end <= _TOP[fields.magic] and base % GRANULE == 0:
        return None
    return f"it has no relocations and no process has its address free: {base:#x}"


def doubts(fields: Fields, sections: Sequence[Section]) -> Iterator[str]:
    """Yield what Windows is known to reject and Wine accepts."""
    if fields.image_size > LARGEST_IMAGE:
        yield f"SizeOfImage {fields.image_size:#x} is above Windows' limit {LARGEST_IMAGE:#x}"
    by_sector = fields.file_alignment % SECTOR == 0
    if not by_sector and fields.file_alignment != fields.section_alignment:
        yield f"file alignment {fields.file_alignment:#x} is below a sector"
    if fields.section_alignment < fields.file_alignment:
        yield (
            f"section alignment {fields.section_alignment:#x} is below the file alignment, "
            f"{fields.file_alignment:#x}"
        )
    if fields.section_alignment < PAGE:
        return
    expected = align(fields.header_size, fields.section_alignment)
    for section in sections:
        if section.rva != expected:
            yield (
                f"section {section.name!r} begins at {section.rva:#x}, not where the one before "
                f"ends, {expected:#x}: Windows maps no image with gaps"
            )
            return
        expected = align(section.rva + mapped(section), fields.section_alignment)
