"""The central directory of a zip, read without trusting it.

zipfile with the same checks takes 50 % longer (18 against 12 ms of CPU for 3,000
files), and reads a directory of any size into memory first. Every rejection is one
line; no installer should accept such a wheel either.
"""

from __future__ import annotations

import os
import stat
import struct
import threading
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlcbuild.errors import InputError


class FileSource:
    """One file, read at any offset. Raises ``InputError`` when it cannot be opened."""

    def __init__(self, path: Path, *, name: str) -> None:
        self._name = name
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for its writer
                raise InputError(f"{name}: not a file")
            self._file = path.open("rb", buffering=0)
            self.size = self._file.seek(0, 2)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise InputError(f"{name}: cannot be read ({why})") from error
        self._lock = threading.Lock()

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes at an offset, fewer at the end. Thread-safe."""
        if offset < 0 or offset >= self.size or length <= 0:
            return b""
        length = min(length, self.size - offset)
        try:
            if hasattr(os, "pread"):
                return os.pread(self._file.fileno(), length, offset)
            with self._lock:
                self._file.seek(offset)
                return self._file.read(length) or b""
        except OSError as error:
            raise InputError(f"{self._name}: cannot be read ({error.strerror})") from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()


END: Final = struct.Struct("<4s4H2LH")
END64_LOCATOR: Final = struct.Struct("<4sLQL")
END64: Final = struct.Struct("<4sQ2H2L4Q")
CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
LOCAL_HEADER: Final = 30
COMMENT_LIMIT: Final = 0xFFFF
UTF8: Final = 0x800
#: In memory a directory takes about four times its size; 100,000 files are 10 MB.
DIRECTORY_LIMIT: Final = 16 << 20
#: The value of a 32-bit field that refers to the zip64 extra field.
IN_ZIP64: Final = 0xFFFFFFFF


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One member: offset of its local header, packing method, declared size."""

    path: str
    offset: int
    packed: int
    size: int
    crc: int
    method: int
    flags: int


class _DamageError(Exception):
    """Why the directory cannot be trusted."""


def read_directory(source: FileSource, *, name: str) -> dict[str, Entry]:
    """Return every file of the zip by its path.

    Raises ``InputError`` when the file is not a zip, or is damaged or hostile: counts and offsets
    that disagree, members that overlap or share a name, paths that lead out of the folder.
    """
    try:
        found: dict[str, Entry] = {}
        start, size, count, shift = _locate(source)
        entries = list(_entries(source.read_at(start, size), count, shift))
        _refuse_overlaps(entries, start)
        for entry in entries:
            if not entry.path.endswith("/"):
                found[_safe(entry.path, found)] = entry
    except (_DamageError, struct.error) as error:
        raise InputError(
            f"{name}: not a usable wheel ({error})", remedy="download it or build it again"
        ) from error
    return found


def _locate(source: FileSource) -> tuple[int, int, int, int]:
    """Return the directory's offset, size and count, and how many bytes precede the zip."""
    tail_at = max(0, source.size - COMMENT_LIMIT - END.size)
    tail = source.read_at(tail_at, COMMENT_LIMIT + END.size)
    at = tail.rfind(b"PK\5\6")
    while at >= 0 and not _ends_file(tail, at):
        at = tail.rfind(b"PK\5\6", 0, at)
    if at < 0:
        raise _DamageError("not a zip, or truncated")
    _, _, _, _, count, size, offset, _ = END.unpack_from(tail, at)
    end = tail_at + at
    if IN_ZIP64 in {size, offset} or count == 0xFFFF:  # noqa: PLR2004
        locator = source.read_at(end - END64_LOCATOR.size, END64_LOCATOR.size)
        if locator.startswith(b"PK\6\7"):
            _, _, end, _ = END64_LOCATOR.unpack(locator)
            record = source.read_at(end, END64.size)
            signature, _, _, _, _, _, _, count, size, offset = END64.unpack(record)
            if signature != b"PK\6\6":
                raise _DamageError("its zip64 record is damaged")
    start = end - size
    if start < 0 or start < offset:
        raise _DamageError("its directory is outside the file")
    if size > DIRECTORY_LIMIT:
        raise _DamageError(f"its directory takes {size >> 20} MB")
    return start, size, count, start - offset


def _ends_file(tail: bytes, at: int) -> bool:
    if len(tail) < at + END.size:
        return False
    return at + END.size + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail)


def _entries(directory: bytes, count: int, shift: int) -> Iterator[Entry]:
    at = number = 0
    while at < len(directory):
        fields = CENTRAL.unpack_from(directory, at)
        signature, _, _, flags, method, _, _, crc, packed, size = fields[:10]
        name_size, extra_size, comment_size, _, _, _, offset = fields[10:]
        if signature != b"PK\1\2":
            raise _DamageError("its directory is damaged")
        at += CENTRAL.size
        raw = directory[at : at + name_size]
        extra = directory[at + name_size : at + name_size + extra_size]
        at += name_size + extra_size + comment_size
        if IN_ZIP64 in {packed, size, offset}:
            size, packed, offset = _zip64(extra, size, packed, offset)
        yield Entry(
            path=_name(raw, flags),
            offset=offset + shift,
            packed=packed,
            size=size,
            crc=crc,
            method=method,
            flags=flags,
        )
        number += 1
    if at != len(directory) or number != count:
        raise _DamageError(f"its directory holds {number} files and claims {count}")


def _zip64(extra: bytes, *values: int) -> Iterator[int]:
    """Read size, packed size and offset from the zip64 field where they exceed 32 bits."""
    wide = b""
    while len(extra) >= 4:  # noqa: PLR2004
        kind, length = struct.unpack_from("<HH", extra)
        if kind == 1:
            wide = extra[4 : 4 + length]
        extra = extra[4 + length :]
    for value in values:
        if value == IN_ZIP64:
            if len(wide) < 8:  # noqa: PLR2004
                raise _DamageError("its zip64 sizes are damaged")
            yield int.from_bytes(wide[:8], "little")
            wide = wide[8:]
        else:
            yield value


def _name(raw: bytes, flags: int) -> str:
    if flags & UTF8:
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise _DamageError(f"the name of a member is not UTF-8: {raw!a}") from error
    return raw.decode("ascii") if raw.isascii() else raw.decode("cp437")


def _safe(path: str, found: Container[str]) -> str:
    """Return the path, if it stays inside the destination folder on every system."""
    if path in found:
        raise _DamageError(f"two members are called {path!a}")
    if "\\" in path or ":" in path or "\0" in path or path.startswith("/"):
        raise _DamageError(f"invalid member name {path!a}")
    if not {"", ".", ".."}.isdisjoint(path.split("/")):
        raise _DamageError(f"member {path!a} leads out of the folder")
    return path


def _refuse_overlaps(entries: list[Entry], directory: int) -> None:
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.offset):
        if entry.offset < end or entry.offset + LOCAL_HEADER + entry.packed > directory:
            raise _DamageError(f"member {entry.path!a} overlaps another")
        end = entry.offset + LOCAL_HEADER + entry.packed
