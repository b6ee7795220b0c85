"""Whether Windows can map an image by what its headers say of sizes, alignments and sections.

``refusals`` are the checks of the section object's creation and of mapping it, which Windows and
Wine both make: any of them is error 193. ``doubts`` are checks of Windows alone, of which no
published loader answers: they are told and change no verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pefile

    from mlcbuild.pe.headers import Section

__all__ = [
    "MAX_SECTIONS",
    "PAGE",
    "PE32",
    "PE32_PLUS",
    "SECTOR",
    "align",
    "doubts",
    "immovable",
    "mapped",
    "refusals",
]

PE32: Final = 0x10B
PE32_PLUS: Final = 0x20B
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


def refusals(pe: pefile.PE, sections: Sequence[Section], size: int) -> Iterator[str]:
    """Give the reasons why the image is mapped into no process (error 193).

    ``size`` is the file's, in bytes.
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
    end_of_table = table + SECTION_HEADER * header.NumberOfSections
    if end_of_table > size:
        yield "cut short within its headers"
    # Windows rounds up in 32 bits: from 4 GB - 4,095 bytes on nothing is left.
    image_size = align(optional.SizeOfImage, PAGE) & 0xFFFFFFFF
    if end_of_table > image_size:
        yield f"its headers do not fit into SizeOfImage {optional.SizeOfImage:#x}"
    if optional.SectionAlignment < PAGE:
        yield from _flat(optional, sections)
    else:
        yield from _sections(sections, image_size, size)


def _flat(optional: pefile.Structure, sections: Sequence[Section]) -> Iterator[str]:
    """Judge an image of less than a page's alignment: the file is mapped as it is."""
    if optional.FileAlignment != optional.SectionAlignment:
        yield (
            f"section alignment {optional.SectionAlignment:#x} is below a page, so it must be "
            f"the file alignment, {optional.FileAlignment:#x}"
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
            yield f"section {name} lies over the headers"
        start = section.offset & ~(SECTOR - 1)
        needed = start + min(section.raw_size + section.offset - start, mapped(section))
        if needed > size:
            yield f"cut short: section {name} lacks {needed - size} bytes of the file"


def immovable(pe: pefile.PE) -> str | None:
    """Say why the image can lie at no address (error 487); None where it can at some.

    Without relocations it must lie where ``ImageBase`` says.
    """
    optional = pe.OPTIONAL_HEADER
    if not pe.FILE_HEADER.Characteristics & RELOCATIONS_STRIPPED:
        return None
    base, end = optional.ImageBase, optional.ImageBase + optional.SizeOfImage
    if base >= GRANULE and end <= _TOP[optional.Magic] and base % GRANULE == 0:
        return None
    return f"it has no relocations and no process has its address free: {base:#x}"


def doubts(pe: pefile.PE, sections: Sequence[Section]) -> Iterator[str]:
    """Give what Windows is known to refuse where Wine does not."""
    optional = pe.OPTIONAL_HEADER
    if optional.SizeOfImage > LARGEST_IMAGE:
        yield f"SizeOfImage {optional.SizeOfImage:#x} is above Windows' limit {LARGEST_IMAGE:#x}"
    by_sector = optional.FileAlignment % SECTOR == 0
    if not by_sector and optional.FileAlignment != optional.SectionAlignment:
        yield f"file alignment {optional.FileAlignment:#x} is below a sector"
    if optional.SectionAlignment < optional.FileAlignment:
        yield (
            f"section alignment {optional.SectionAlignment:#x} is below the file alignment, "
            f"{optional.FileAlignment:#x}"
        )
    if optional.SectionAlignment < PAGE:
        return
    expected = align(optional.SizeOfHeaders, optional.SectionAlignment)
    for section in sections:
        if section.rva != expected:
            yield (
                f"section {section.name!r} begins at {section.rva:#x}, not where the one before "
                f"ends, {expected:#x}: Windows maps no image with gaps"
            )
            return
        expected = align(section.rva + mapped(section), optional.SectionAlignment)
