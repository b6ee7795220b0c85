"""A real System32 (or Wine's) in the place of the built-in data: ``--system-dir``.

Its API sets are read from its ``apisetschema.dll``.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError
from mlcbuild.loader.images import File, Record, read_record
from mlcbuild.loader.names import api_set_key, fold, is_api_set
from mlcbuild.loader.system import ApiSet, System, SystemDll, Table

if TYPE_CHECKING:
    from mlcbuild.platforms import Machine

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


_SCHEMA: Final = "apisetschema.dll"


class SystemDir:
    """A ``System`` over a folder. DLLs are read when something imports from them."""

    def __init__(self, folder: Path, names: list[str], rest: System) -> None:
        self._folder = folder
        self._rest = rest
        self._files = {fold(name): self._file(name) for name in names}
        self._api_sets: dict[str, str] | None = None
        if _SCHEMA in self._files:
            sets = read_api_sets((folder / self._files[_SCHEMA].path).read_bytes())
            self._api_sets = {api_set_key(name): host for name, host in sets.items()}

    def dll(self, name: str, machine: Machine) -> SystemDll | None:
        """Return the file of that name; the host's for an API set."""
        base = fold(name)
        file = self._files.get(base)
        if file is not None:
            return SystemDll(base, file=file)
        if not is_api_set(base) or self.api_set(base) == "unknown":
            return None
        if self._api_sets is None:
            return self._rest.dll(name, machine)
        return SystemDll(base, file=self._files.get(fold(self._api_sets[api_set_key(base)])))

    def api_set(self, name: str) -> ApiSet:
        """Ask the folder's schema; the built-in list where the folder has none."""
        if self._api_sets is None:
            return self._rest.api_set(name)
        return "known" if self._api_sets.get(api_set_key(name)) else "unknown"

    def python_dll(self, name: str, machine: Machine, python: str | None) -> Table | None:
        """Ask the built-in data: Python is not in System32."""
        return self._rest.python_dll(name, machine, python)

    def _file(self, name: str) -> File:
        path = self._folder / name
        return File(
            key=str(path),
            path=name,
            origin="system",
            place=str(self._folder),
            read=_reader(path),
        )


def _reader(path: Path) -> Callable[[], Record]:
    def read() -> Record:
        try:
            return read_record(path.read_bytes(), str(path))
        except OSError as error:
            return Record(refused=error.strerror or "cannot be read")

    return read


def system_from_dir(path: str, rest: System) -> SystemDir:
    """Return the system over a folder. Raises ``InputError`` where it is none or cannot be listed.

    In a folder without kernel32 every image would fail, and the advice would be to bundle Windows.
    """
    try:
        with os.scandir(path) as entries:
            names = sorted(entry.name for entry in entries if "." in entry.name)
    except OSError as error:
        raise InputError(f"--system-dir: cannot list {path}: {error.strerror}") from error
    if "kernel32.dll" not in map(fold, names):
        raise InputError(f"--system-dir: {path} is not a System32: it has no kernel32.dll")
    return SystemDir(Path(path), names, rest)
