"""The debug directory: the PDB's path, and the kinds of entries a linker leaves."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.pe.headers import Headers

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
