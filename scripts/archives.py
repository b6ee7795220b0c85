"""Read import libraries, Microsoft's and dlltool's: which function comes from which DLL."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COFF_HEADER = 20
HINT = 2


def archive_members(data: bytes) -> Iterator[bytes]:
    """Give the objects of a Unix or Microsoft archive."""
    at = 8
    while at + 60 <= len(data):
        head = data[at : at + 60]
        size = int(head[48:58])
        if not head.startswith(b"/ ") and not head.startswith(b"// "):
            yield data[at + 60 : at + 60 + size]
        at += 60 + size + (size & 1)


def short_imports(library: Path) -> Iterator[tuple[str, str]]:
    """Give (DLL, function) of a Microsoft import library."""
    for body in archive_members(library.read_bytes()):
        first, second, *_, size, _, kind = struct.unpack_from("<HHHHIIHH", body)
        if (first, second) == (0, 0xFFFF) and kind >> 2 & 7:
            name, dll = body[20 : 20 + size].split(b"\0")[:2]
            yield dll.decode().lower(), name.decode()


def gnu_imports(library: Path) -> Iterator[tuple[str, str]]:
    """Give (DLL, function) of dlltool's import library: the names lie in ``.idata`` sections."""
    heads: dict[str, str] = {}
    functions: list[tuple[str, str]] = []
    for body in archive_members(library.read_bytes()):
        if len(body) < COFF_HEADER or struct.unpack_from("<H", body)[0] not in {0x8664, 0x14C}:
            continue
        sections, symbols = _coff(body)
        names = sections.get(".idata$7", b"").rstrip(b"\0")
        own = next((s for s, defined in symbols if s.endswith("_iname") and defined), None)
        if own and names:
            heads[own.removesuffix("_iname").lstrip("_")] = names.decode("ascii", "replace").lower()
        hint = sections.get(".idata$6", b"")
        if len(hint) > HINT:
            head = next((s for s, d in symbols if "head_" in s and not d), "")
            functions.append((head, hint[HINT:].split(b"\0")[0].decode("ascii", "replace")))
    for head, function in functions:
        dll = heads.get(head.lstrip("_").removeprefix("head_").lstrip("_"))
        if dll:
            yield dll, function


def _coff(body: bytes) -> tuple[dict[str, bytes], list[tuple[str, bool]]]:
    _, n_sections, _, table, n_symbols, optional, _ = struct.unpack_from("<HHIIIHH", body)
    sections = {}
    for index in range(n_sections):
        raw = body[20 + optional + 40 * index :][:40]
        size, offset = struct.unpack_from("<II", raw, 16)
        sections[raw[:8].rstrip(b"\0").decode()] = body[offset : offset + size]
    strings = body[table + 18 * n_symbols :]
    symbols = []
    index = 0
    while index < n_symbols:
        raw = body[table + 18 * index :][:18]
        zero, offset = struct.unpack_from("<II", raw)
        name = strings[offset:].split(b"\0")[0] if zero == 0 else raw[:8].rstrip(b"\0")
        symbols.append((name.decode(), struct.unpack_from("<h", raw, 12)[0] > 0))
        index += 1 + raw[17]
    return sections, symbols
