"""The API sets of one Windows, read from its ``apisetschema.dll``."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECTION: Final = b".apiset\0"
#: Version 6 of the schema: Windows 10 and later (and Wine).
_VERSION: Final = 6
_ENTRY: Final = 24
_VALUE: Final = 20


def read_api_sets(data: bytes) -> dict[str, str]:
    """Return every contract (without ``.dll``) and its host DLL; empty where there is none.

    Raises ``InputError`` where the file has no schema of Windows 10 or later.
    """
    try:
        return dict(_entries(_section(data)))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise InputError(f"apisetschema.dll is damaged: {error}") from error


def _section(data: bytes) -> bytes:
    (pe,) = struct.unpack_from("<I", data, 0x3C)
    count, optional = struct.unpack_from("<2xH12xH", data, pe + 4)
    for index in range(count):
        at = pe + 24 + optional + 40 * index
        if data[at : at + 8] == _SECTION:
            size, offset = struct.unpack_from("<II", data, at + 16)
            return data[offset : offset + size]
    raise InputError(
        "apisetschema.dll has no API set schema: give a System32 of Windows 10 or later"
    )


def _entries(schema: bytes) -> Iterator[tuple[str, str]]:
    version, _, _, count, entries = struct.unpack_from("<5I", schema)
    if version != _VERSION:
        raise InputError(
            f"API set schema of version {version}: Windows 10 and later have version 6"
        )
    for index in range(count):
        at = entries + _ENTRY * index
        _, name_at, length, _, values_at, values = struct.unpack_from("<6I", schema, at)
        name = _text(schema, name_at, length).casefold()
        host = ""
        for value in range(values):
            # One row a host; a row with an importer's name is for that importer alone.
            _, _, importer, host_at, size = struct.unpack_from(
                "<5I", schema, values_at + _VALUE * value
            )
            if size and not (host and importer):
                host = _text(schema, host_at, size)
        yield name, host


def _text(schema: bytes, offset: int, size: int) -> str:
    return schema[offset : offset + size].decode("utf-16-le")
