"""The resources that matter to loading: the manifest and the version.

pefile parses the whole resource tree (icons and string tables too) and reads versions in a way
whose cost grows with the square of their size; this walks only two branches.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from mlcbuild.pe.facts import VersionResource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.pe.headers import Headers

RESOURCE: Final = 2
TYPE_VERSION: Final = 16
TYPE_MANIFEST: Final = 24
SUBDIRECTORY: Final = 0x80000000
#: Bounds on what is looked at: entries of one table, bytes of one resource, strings of a version.
ENTRY_LIMIT: Final = 4096
MANIFEST_LIMIT: Final = 0x40000
VERSION_LIMIT: Final = 0x10000
STRING_LIMIT: Final = 256
FIXED_SIGNATURE: Final = 0xFEEF04BD
FIXED_SIZE: Final = 52

Resources = tuple["VersionResource | None", "str | None", list[str]]


def read_resources(headers: Headers) -> Resources:
    """Return the version, the manifest's text, and what could not be read."""
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


def _version(raw: bytes, defects: list[str]) -> VersionResource | None:
    key = raw.find("VS_VERSION_INFO\0".encode("utf-16-le"), 0, 64)
    at = (key + 32 + 3) // 4 * 4
    if key < 0 or len(raw) < at + FIXED_SIZE:
        defects.append("the version resource cannot be read")
        return None
    signature, _, *words = struct.unpack_from("<IIIIII", raw, at)
    file_version = None
    if signature == FIXED_SIGNATURE:
        file_version = _four(words[0], words[1])
        at += FIXED_SIZE
    return VersionResource(file_version=file_version, strings=_strings(raw, at))


def _four(high: int, low: int) -> tuple[int, int, int, int]:
    return (high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF)


def _strings(raw: bytes, start: int) -> dict[str, str]:
    """Collect the key/value pairs of the first string table.

    A block is length, value length, kind, key, value; blocks nest and are aligned to four bytes.
    """
    found: dict[str, str] = {}
    info = raw.find("StringFileInfo\0".encode("utf-16-le"), start)
    if info < 0:
        return found
    table = (info + 30 + 3) // 4 * 4
    end = min(len(raw), table + int.from_bytes(raw[table : table + 2], "little"))
    at = table + 6 + 18  # the table's head: 3 words and 8 digits of language
    for _ in range(STRING_LIMIT):
        at = (at + 3) // 4 * 4
        if at + 8 > end:
            break
        length, value_length, kind = struct.unpack_from("<HHH", raw, at)
        if length < 8 or kind != 1:  # noqa: PLR2004
            break
        key, _, rest = raw[at + 6 : at + length].decode("utf-16-le", "replace").partition("\0")
        if not key:
            break
        value = rest.lstrip("\0")[:value_length].split("\0", 1)[0] if value_length else ""
        found[key] = value
        at += length
    return found
