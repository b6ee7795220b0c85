"""The export directory, searched by name or ordinal without parsing all names.

A TVM or Torch library exports up to 60,000 names, of which a check needs a few hundred: a
look-up is a binary search in the name table, which linkers sort because the Windows loader
searches it in the same way. pefile stops after 8,192 names and takes a second for all.
"""

from __future__ import annotations

import itertools
import struct
import sys
from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from mlcbuild.pe.facts import ExportedSymbol

if TYPE_CHECKING:
    from mlcbuild.pe.headers import Headers

EXPORT: Final = 0
#: IMAGE_EXPORT_DIRECTORY, whose two version words are one field here.
HEAD: Final = struct.Struct("<10I")
#: Ordinals have 16 bits; tables that claim more lie.
FUNCTION_LIMIT: Final = 0x10000
#: Decorated C++ names run to 4,096 bytes.
NAME_LIMIT: Final = 0x4000


class Exports:
    """What one image exports. Holds copies of the tables, so the image's bytes can be freed.

    ``defects`` lists what the directory declares but does not contain. An image without an export
    directory is an empty ``Exports``.
    """

    def __init__(
        self,
        *,
        dll_name: str | None = None,
        ordinal_base: int = 0,
        functions: array[int] | None = None,
        names: array[int] | None = None,
        ordinals: array[int] | None = None,
        texts: tuple[tuple[int, bytes], ...] = (),
        forwarders: tuple[int, int] = (0, 0),
        defects: tuple[str, ...] = (),
    ) -> None:
        #: The name the linker gave the DLL.
        self.dll_name = dll_name
        self.ordinal_base = ordinal_base
        self.defects = defects
        self._functions = functions if functions is not None else array("I")
        self._names = names if names is not None else array("I")
        self._ordinals = ordinals if ordinals is not None else array("H")
        self._texts = texts
        self._forwarders = forwarders
        self._unsorted: dict[int, int] | None = None

    def __len__(self) -> int:
        """Count the exported names."""
        return len(self._names)

    def has(self, name: str) -> bool:
        """Say whether a name is exported."""
        return self._index(name) is not None

    def has_ordinal(self, ordinal: int) -> bool:
        """Say whether an ordinal is exported (with or without a name)."""
        at = ordinal - self.ordinal_base
        return 0 <= at < len(self._functions) and self._functions[at] != 0

    def forwarder(self, symbol: str | int) -> str | None:
        """Return ``DLL.name`` or ``DLL.#7`` where a name or ordinal is forwarded, else None."""
        if isinstance(symbol, int):
            return self._target(symbol - self.ordinal_base)
        index = self._index(symbol)
        return None if index is None else self._target(self._ordinals[index])

    def find(self, symbol: str | int) -> ExportedSymbol | None:
        """Return the export of a name or an ordinal, None where there is none."""
        if isinstance(symbol, int):
            if not self.has_ordinal(symbol):
                return None
            return ExportedSymbol(name=None, ordinal=symbol, forwarder=self.forwarder(symbol))
        index = self._index(symbol)
        if index is None:
            return None
        at = self._ordinals[index]
        return ExportedSymbol(
            name=symbol, ordinal=at + self.ordinal_base, forwarder=self._target(at)
        )

    def names(self) -> Iterator[str]:
        """Give every exported name, in the table's order."""
        for rva in self._names:
            raw = self._text(rva)
            if raw is not None:
                yield raw.decode("utf-8", "backslashreplace")

    def ordinals(self) -> Iterator[int]:
        """Give every exported ordinal, named or not."""
        for at, rva in enumerate(self._functions):
            if rva:
                yield at + self.ordinal_base

    def symbols(self) -> Iterator[ExportedSymbol]:
        """Give every export: first those with a name, then those by ordinal only."""
        named = set()
        for rva, at in zip(self._names, self._ordinals, strict=True):
            raw = self._text(rva)
            if raw is not None:
                named.add(at)
                name = raw.decode("utf-8", "backslashreplace")
                ordinal = at + self.ordinal_base
                yield ExportedSymbol(name=name, ordinal=ordinal, forwarder=self._target(at))
        for ordinal in self.ordinals():
            at = ordinal - self.ordinal_base
            if at not in named:
                yield ExportedSymbol(name=None, ordinal=ordinal, forwarder=self._target(at))

    def _text(self, rva: int) -> bytes | None:
        for start, text in self._texts:
            at = rva - start
            if 0 <= at < len(text):
                end = text.find(b"\0", at, at + NAME_LIMIT)
                return text[at:end] if end >= 0 else None
        return None

    def _target(self, at: int) -> str | None:
        if not 0 <= at < len(self._functions):
            return None
        rva = self._functions[at]
        if not self._forwarders[0] <= rva < self._forwarders[1]:
            return None
        raw = self._text(rva)
        return raw.decode("utf-8", "backslashreplace") if raw else None

    def _index(self, name: str) -> int | None:
        wanted = name.encode("utf-8", "surrogateescape")
        low, high = 0, len(self._names)
        while low < high:
            middle = (low + high) // 2
            text = self._text(self._names[middle])
            if text == wanted:
                return self._checked(middle)
            if text is None or text > wanted:
                high = middle
            else:
                low = middle + 1
        return self._search_all(wanted)

    def _search_all(self, wanted: bytes) -> int | None:
        """Look through every name: a miss is a verdict, and a table may not be sorted."""
        if self._unsorted is None:
            in_order = all(a <= b for a, b in itertools.pairwise(self._raw_names()))
            names = () if in_order else self._raw_names()
            # Hashes, not the names: 65,535 entries may all point into one text of 16 KB.
            self._unsorted = {hash(text): at for at, text in enumerate(names)}
            if not in_order:
                self.defects += ("the export name table is not sorted",)
        found = self._unsorted.get(hash(wanted))
        if found is None or self._text(self._names[found]) != wanted:
            return None
        return self._checked(found)

    def _raw_names(self) -> Iterator[bytes]:
        """Give the bytes of every name; of equal addresses in a row the same object."""
        last, text = -1, b""
        for rva in self._names:
            if rva != last:
                last, text = rva, self._text(rva) or b""
            yield text

    def _checked(self, index: int) -> int | None:
        at = self._ordinals[index]
        return index if at < len(self._functions) and self._functions[at] else None


def read_exports(headers: Headers) -> Exports:
    """Read the export directory of an image. Never raises: damage is in ``defects``."""
    directory = headers.directory(EXPORT)
    if directory is None:
        return Exports()
    view = headers.view(directory.rva, HEAD.size)
    if len(view) < HEAD.size:
        return Exports(defects=("the export directory is outside the image",))
    _, _, _, name_rva, base, n_functions, n_names, functions_rva, names_rva, ordinals_rva = (
        HEAD.unpack(view)
    )
    defects: list[str] = []
    functions = _table(headers, "address", functions_rva, n_functions, defects)
    names = _table(headers, "name", names_rva, n_names, defects)
    ordinals = _table(headers, "ordinal", ordinals_rva, n_names, defects)
    count = min(len(names), len(ordinals))
    del names[count:], ordinals[count:]
    region = bytes(headers.view(directory.rva, directory.size))
    end = directory.rva + directory.size
    texts = [(directory.rva, region)]
    outside = [rva for rva in names if not directory.rva <= rva < end]
    if outside:
        texts.append(_outside(headers, outside, defects))
    raw_name = headers.text(name_rva, NAME_LIMIT)
    return Exports(
        dll_name=raw_name.decode("utf-8", "backslashreplace") if raw_name else None,
        ordinal_base=base,
        functions=functions,
        names=names,
        ordinals=ordinals,
        texts=tuple(texts),
        forwarders=(directory.rva, end),
        defects=tuple(defects),
    )


def _little(values: array[int]) -> None:
    if sys.byteorder == "big":
        values.byteswap()


def _table(headers: Headers, what: str, rva: int, count: int, defects: list[str]) -> array[int]:
    values = array("H" if what == "ordinal" else "I")
    wanted = min(count, FUNCTION_LIMIT)
    if count > FUNCTION_LIMIT:
        defects.append(f"the export directory claims {count} entries in its {what} table")
    raw = headers.view(rva, wanted * values.itemsize)
    values.frombytes(bytes(raw[: len(raw) // values.itemsize * values.itemsize]))
    _little(values)
    if len(values) < wanted:
        defects.append(f"the export {what} table holds {len(values)} of {count} entries")
    return values


def _outside(headers: Headers, rvas: list[int], defects: list[str]) -> tuple[int, bytes]:
    """Copy the names outside the directory (some linkers put them elsewhere)."""
    low, high = min(rvas), max(rvas)
    limit = min(len(headers.data) // 2, FUNCTION_LIMIT * NAME_LIMIT // 64)
    text = bytes(headers.view(low, min(high - low + NAME_LIMIT, limit)))
    if low + len(text) <= high:
        defects.append("some exported names lie outside the image")
    return low, text
