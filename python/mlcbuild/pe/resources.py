"""The resources that matter to loading: the manifest and the version.

pefile parses the whole resource tree (icons and string tables too) and reads versions in a way
whose cost grows with the square of their size; this walks only two branches.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.pe.headers import Headers

RESOURCE: Final = 2
TYPE_VERSION: Final = 16
TYPE_MANIFEST: Final = 24
SUBDIRECTORY: Final = 0x80000000
#: Bounds on what is looked at: entries of one table, bytes of one resource.
ENTRY_LIMIT: Final = 4096
MANIFEST_LIMIT: Final = 0x40000
VERSION_LIMIT: Final = 0x10000
FIXED_SIGNATURE: Final = 0xFEEF04BD
FIXED_SIZE: Final = 52

FileVersion = tuple[int, int, int, int]
Resources = tuple["FileVersion | None", "str | None", list[str]]


def read_resources(headers: Headers) -> Resources:
    """Return the file version, the manifest's text, and what could not be read."""
    directory = headers.directory(RESOURCE)
    if directory is None:
        return None, None, []
    defects: list[str] = []
    version = _first(headers, directory.rva, TYPE_VERSION, VERSION_LIMIT, defects)
    manifest = _first(headers, directory.rva, TYPE_MANIFEST, MANIFEST_LIMIT, defects)
    return (
        _version(version, defects) if version else None,
        manifest.decode("utf-8-sig", "backslashreplace").rstrip("\0") if manifest else None,
        defects,
    )


def _entries(headers: Headers, rva: int) -> Iterator[tuple[int, int]]:
    head = headers.view(rva, 16)
    if len(head) == 16:  # noqa: PLR2004
        named, numbered = struct.unpack_from("<HH", head, 12)
        table = headers.view(rva + 16, 8 * min(named + numbered, ENTRY_LIMIT))
        yield from struct.iter_unpack("<II", table[: len(table) // 8 * 8])


def _first(headers: Headers, root: int, kind: int, limit: int, defects: list[str]) -> bytes | None:
    """Return the first resource of a type. Three levels and no loop: type, name, language."""
    found = next((at for number, at in _entries(headers, root) if number == kind), None)
    if found is None:
        return None
    for _ in range(2):
        if found & SUBDIRECTORY:
            inner = root + (found & ~SUBDIRECTORY)
            found = next((at for _, at in _entries(headers, inner)), SUBDIRECTORY)
    leaf = headers.view(root + (found & ~SUBDIRECTORY), 16)
    if found & SUBDIRECTORY or len(leaf) < 16:  # noqa: PLR2004
        defects.append(f"resource of type {kind} cannot be read")
        return None
    rva, size = struct.unpack_from("<II", leaf)
    raw = bytes(headers.view(rva, min(size, limit)))
    if len(raw) < size:
        defects.append(f"resource of type {kind} is cut short ({len(raw)} of {size} bytes)")
    return raw


def _version(raw: bytes, defects: list[str]) -> FileVersion | None:
    key = raw.find("VS_VERSION_INFO\0".encode("utf-16-le"), 0, 64)
    at = (key + 32 + 3) // 4 * 4
    if key < 0 or len(raw) < at + FIXED_SIZE:
        defects.append("the version resource cannot be read")
        return None
    signature, _, *words = struct.unpack_from("<IIIIII", raw, at)
    if signature != FIXED_SIGNATURE:
        return None
    high, low = words[:2]
    return (high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF)
