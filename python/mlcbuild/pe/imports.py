"""The import and delay-import directories, read over the mapped bytes.

pefile takes 5 to 22 ms for the few hundred symbols of a TVM library, stops after 8,192 symbols in
all and replaces long names; this reader takes under 1 ms and reports what it omits. Every count
is bounded by the file's size, so a forged table costs no more than a valid one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from mlcbuild.pe.facts import ImportedDll, ImportedSymbol

if TYPE_CHECKING:
    from mlcbuild.pe.headers import Headers

IMPORT: Final = 1
DELAY_IMPORT: Final = 13
#: Longer than any mangled C++ name that MSVC writes (4,096).
NAME_LIMIT: Final = 0x2000
DLL_NAME_LIMIT: Final = 512
#: Far above what exists (the biggest seen: 6,000), below what would hurt: about 80 MB.
SYMBOL_LIMIT: Final = 500_000
#: The biggest program seen imports 200. Each costs 2 KB and more in a check.
DLL_LIMIT: Final = 10_000
CACHE_LIMIT: Final = 65_536
DEFECT_LIMIT: Final = 16
REACH: Final = 0x8000

#: Extension modules import the same few thousand symbols; one object each for the whole process.
_known: dict[bytes, ImportedSymbol] = {}


class _Tables:
    """One image's import tables, with the budget they share and the defects they have."""

    def __init__(self, headers: Headers) -> None:
        self.headers = headers
        self.wide = headers.bits == 64  # noqa: PLR2004
        self.left = min(SYMBOL_LIMIT, len(headers.data) // (8 if self.wide else 4))
        self.dlls = DLL_LIMIT
        self.name_bytes = len(headers.data)
        self.defects: list[str] = []
        #: Why not all was read of what may well be there; such an image is not judged.
        self.over: str | None = None
        self._window = b""
        self._window_rva = 0
        self._refills = 64

    def descriptors(self, index: int, size: int) -> Iterator[tuple[int, ...]]:
        """Yield the rows of a descriptor table until the one whose name is zero."""
        directory = self.headers.directory(index)
        if directory is None:
            return
        word = "delay-import" if index == DELAY_IMPORT else "import"
        table = self.headers.view(directory.rva, len(self.headers.data))
        name_at = 3 if index == IMPORT else 1
        for row in struct.iter_unpack(f"<{size // 4}I", table[: len(table) // size * size]):
            if not row[name_at] or (index == IMPORT and not row[4]):
                return
            if self.dlls == 0:
                self.over = f"its {word} directory names over {DLL_LIMIT} DLLs, the limit here"
                return
            self.dlls -= 1
            yield row
        self.defect(f"the {word} directory runs past the end of its section")

    def dll(self, rva: int, thunks: int, *, delayed: bool) -> ImportedDll | None:
        """Read one DLL's name and symbols, None where its name cannot be read."""
        raw = self.headers.text(rva, NAME_LIMIT)
        word = "delay-import" if delayed else "import"
        if not raw or not self.pay(raw):
            self.defect(f"a DLL name of the {word} directory cannot be read (at {rva:#x})")
            return None
        name = raw.decode("utf-8", "backslashreplace")
        if len(raw) > DLL_NAME_LIMIT or not name.isprintable():
            self.defect(f"odd DLL name in the {word} directory: {name[:80]!a}")
        return ImportedDll(name=name, symbols=tuple(self.symbols(name, thunks)), delayed=delayed)

    def symbols(self, dll: str, rva: int) -> Iterator[ImportedSymbol]:
        """Give the symbols of one table until its zero, or until one that makes no sense."""
        form, size, flag = ("<Q", 8, 1 << 63) if self.wide else ("<I", 4, 1 << 31)
        table = self.headers.view(rva, (self.left + 1) * size)
        for (thunk,) in struct.iter_unpack(form, table[: len(table) // size * size]):
            if not thunk:
                return
            self.left -= 1
            if self.left < 0:
                if len(self.headers.data) // size > SYMBOL_LIMIT:
                    self.over = f"it imports over {SYMBOL_LIMIT} symbols, the limit here"
                break
            if thunk & flag:
                if thunk & ~flag > 0xFFFF:  # noqa: PLR2004
                    self.defect(f"{dll}: imports by ordinal {thunk & ~flag:#x}, above 65535")
                    return
                yield _symbol(thunk.to_bytes(8, "big"), None, thunk & 0xFFFF)
                continue
            raw = self._name(thunk + 2) if thunk <= 0x7FFFFFFF else None  # noqa: PLR2004
            if not raw:
                self.defect(f"{dll}: an imported name cannot be read (at {thunk:#x})")
                return
            yield _known.get(raw) or _symbol(raw, raw.decode("utf-8", "backslashreplace"), None)
        self.defect(f"{dll}: its list of imported symbols has no end")

    def _name(self, rva: int) -> bytes | None:
        """Read a name through a window: the names of one image are adjacent."""
        at = rva - self._window_rva
        end = self._window.find(b"\0", at) if 0 <= at < len(self._window) else -1
        if end >= 0:
            raw: bytes | None = self._window[at:end]
        else:
            raw = self.headers.text(rva, NAME_LIMIT)
            if self._refills:
                self._refills -= 1
                self._window_rva, self._window = self.headers.around(rva, REACH)
        return raw if raw is not None and self.pay(raw) else None

    def pay(self, raw: bytes) -> bool:
        """Take a name from the budget: only a crafted file has more of them than its size."""
        self.name_bytes -= len(raw)
        return self.name_bytes >= 0

    def defect(self, text: str) -> None:
        """Note what cannot be read; a table of junk must not become a report of junk."""
        if len(self.defects) < DEFECT_LIMIT:
            self.defects.append(text)


def _symbol(key: bytes, name: str | None, ordinal: int | None) -> ImportedSymbol:
    found = _known.get(key)
    if found is None:
        if len(_known) >= CACHE_LIMIT:
            _known.clear()
        found = _known[key] = ImportedSymbol(name=name, ordinal=ordinal)
    return found


def read_imports(headers: Headers) -> tuple[list[ImportedDll], list[str], str | None]:
    """Read the import directory.

    Returns the DLLs, what could not be read, and the limit that ended the reading, if one did.
    """
    tables = _Tables(headers)
    found = []
    for lookup, _, _, name, addresses in tables.descriptors(IMPORT, 20):
        # Old Borland linkers leave the lookup table out; the loader then reads the address table.
        dll = tables.dll(name, lookup or addresses, delayed=False)
        if dll is not None:
            found.append(dll)
        if tables.left < 0 or tables.name_bytes < 0:
            break
    return found, tables.defects, tables.over


def read_delay_imports(headers: Headers) -> tuple[list[ImportedDll], list[str], str | None]:
    """Read the delay-import directory, of the RVA kind and of Visual C++ 6's VA kind.

    Returns what ``read_imports`` does.
    """
    tables = _Tables(headers)
    found = []
    for attributes, name, _, addresses, lookup, _, _, _ in tables.descriptors(DELAY_IMPORT, 32):
        base = 0 if attributes & 1 else headers.image_base
        dll = tables.dll(name - base, (lookup or addresses) - base, delayed=True)
        if dll is not None:
            found.append(dll)
        if tables.left < 0 or tables.name_bytes < 0:
            break
    return found, tables.defects, tables.over
