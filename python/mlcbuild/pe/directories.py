"""Small data directories of an image: .NET, load configuration, debug information."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.pe.headers import Headers

COM_DESCRIPTOR: Final = 14
#: CorHdr.h: only IL, and bound to 32 bits (``x86`` as platform).
IL_ONLY: Final = 0x1
REQUIRES_32_BITS: Final = 0x2


def is_portable_managed(headers: Headers) -> bool:
    """Return whether the image contains only IL ("Any CPU"): any process loads it, through .NET."""
    directory = headers.directory(COM_DESCRIPTOR)
    head = headers.view(directory.rva, 20) if directory else b""
    if len(head) < 20:  # noqa: PLR2004
        return False
    flags: int = struct.unpack_from("<I", head, 16)[0]
    return flags & (IL_ONLY | REQUIRES_32_BITS) == IL_ONLY


LOAD_CONFIG: Final = 10
#: Offsets in IMAGE_LOAD_CONFIG_DIRECTORY (winnt.h): DependentLoadFlags for 32 and 64 bits, and
#: CHPEMetadataPointer of the 64-bit form.
DEPENDENT_32: Final = 54
DEPENDENT_64: Final = 78
CHPE_64: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadConfig:
    """The two fields that change how an image loads. ``chpe``: it has ARM64EC metadata."""

    dependent_load_flags: int = 0
    chpe: bool = False


def read_load_config(headers: Headers) -> tuple[LoadConfig, list[str]]:
    """Read the directory as far as its own size field reaches. Returns it and its defects."""
    directory = headers.directory(LOAD_CONFIG)
    if directory is None:
        return LoadConfig(), []
    view = headers.view(directory.rva, CHPE_64 + 8)
    if len(view) < 4:  # noqa: PLR2004
        return LoadConfig(), ["the load configuration is outside the image"]
    # The structure's first field is its size: older toolsets wrote shorter ones.
    view = view[: struct.unpack_from("<I", view)[0]]
    wide = headers.bits == 64  # noqa: PLR2004
    at = DEPENDENT_64 if wide else DEPENDENT_32
    flags = struct.unpack_from("<H", view, at)[0] if len(view) >= at + 2 else 0
    chpe = wide and len(view) >= CHPE_64 + 8 and struct.unpack_from("<Q", view, CHPE_64)[0] != 0
    return LoadConfig(dependent_load_flags=flags, chpe=chpe), []


DEBUG: Final = 6
ENTRY: Final = 28
CODEVIEW: Final = 2
#: IMAGE_DEBUG_TYPE_REPRO: the time stamp is a hash (``/Brepro``).
REPRO: Final = 16
#: Entries looked at; link.exe writes up to seven.
ENTRY_LIMIT: Final = 32
PATH_LIMIT: Final = 0x8000


@dataclass(frozen=True, kw_only=True, slots=True)
class Debug:
    """The path of the CodeView entry, and the type of every entry."""

    pdb: str | None = None
    kinds: frozenset[int] = frozenset()


def read_debug(headers: Headers) -> Debug:
    """Read the debug directory; a path that is not there is None."""
    directory = headers.directory(DEBUG)
    if directory is None:
        return Debug()
    table = headers.view(directory.rva, min(directory.size, ENTRY * ENTRY_LIMIT))
    pdb = None
    kinds = set()
    for row in struct.iter_unpack("<IIHHIIII", table[: len(table) // ENTRY * ENTRY]):
        _, _, _, _, kind, size, _, offset = row
        kinds.add(kind)
        record = bytes(headers.data[offset : offset + min(size, PATH_LIMIT)])
        if pdb is None and kind == CODEVIEW and record.startswith(b"RSDS"):
            path = record[24:].split(b"\0", 1)[0]
            pdb = path.decode("utf-8", "backslashreplace") or None
    return Debug(pdb=pdb, kinds=frozenset(kinds))
