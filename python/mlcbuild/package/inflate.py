"""Unpack one member of a zip into one buffer of the size it declares, and no larger.

ISA-L inflates at twice zlib's speed and is used when installed (``pip install mlcbuild[fast]``).
Each piece passes through the CPU's cache once: it is inflated, checksummed, copied to its place
and, if asked, hashed by a second thread.
"""

from __future__ import annotations

import contextlib
import functools
import mmap
import sys
import zlib
from collections.abc import Callable
from types import ModuleType
from typing import Final

from mlcbuild.errors import InputError
from mlcbuild.package.zipdir import LOCAL_HEADER, UTF8, Entry, FileSource

STORED: Final = 0
DEFLATED: Final = 8
ENCRYPTED: Final = 0x1 | 0x40
#: Deflate cannot do better than this (258 bytes in 2 bits, and the block's head).
MOST_PER_BYTE: Final = 1032
#: A ratio that real libraries never reach (debug builds: 20); checked for large members only.
BOMB_RATIO: Final = 100
BOMB_SIZE: Final = 64 << 20
#: Bytes per step: few enough to stay in the CPU's cache, enough to make the wait for another thread
#: between two steps negligible.
STEP_IN: Final = 1 << 17
STEP_OUT: Final = 1 << 19
#: Bytes passed to the watcher at a time: below this, waking its thread costs more than the hash.
WATCH: Final = 4 << 20
#: Members up to this packed size are unpacked in one call: a false size costs at most 64 MB.
SMALL: Final = 1 << 16
#: Room for the extra fields of a local header, so that one read returns header and data.
EXTRA: Final = 64
#: Members from this size on are unpacked into an anonymous mapping.
MAP_FROM: Final = 1 << 22
#: Bytes populated (MADV_POPULATE_WRITE) at a time.
WINDOW: Final = 8 << 20
#: linux/mman.h; Python has no name for it.
MADV_POPULATE_WRITE: Final = 23
#: A few bytes of output may need the whole table of codes of the first block before them.
PEEK_IN: Final = 4096
PEEK: Final = 16


def read_entry(
    source: FileSource,
    entry: Entry,
    *,
    archive: str,
    watch: Callable[[memoryview], None] | None = None,
) -> memoryview:
    """Return the member's bytes: a view of the zip where it is stored, else a new buffer.

    ``watch`` is called with each piece, in order, as views of the result. Raises ``InputError`` for
    a member that is damaged, encrypted, packed with another method, or not of its declared size.
    """
    try:
        return _unpack(source, entry, watch)
    except (ValueError, _fast().error) as error:
        raise InputError(
            f"{archive}: member {entry.path!a} cannot be unpacked: {error}",
            remedy="download it or build it again",
        ) from error


@functools.cache
def _fast() -> ModuleType:
    try:
        from isal import isal_zlib  # noqa: PLC0415
    except ImportError:
        return zlib
    return isal_zlib


def _start(source: FileSource, entry: Entry) -> tuple[int, bytes]:
    """Check the member's local header.

    Returns the offset of its packed bytes, and those already read: all of a small member.
    """
    name = entry.path.encode()
    if not entry.flags & UTF8 and not entry.path.isascii():
        name = entry.path.encode("cp437")
    more = entry.packed + EXTRA if entry.packed <= SMALL else 0
    head = source.read_at(entry.offset, LOCAL_HEADER + len(name) + more)
    if len(head) < LOCAL_HEADER or head[:4] != b"PK\3\4":
        raise ValueError("its local header is damaged")
    if entry.flags & ENCRYPTED:
        raise ValueError("it is encrypted")
    name_size = int.from_bytes(head[26:28], "little")
    if name_size != len(name) or head[LOCAL_HEADER : LOCAL_HEADER + name_size] != name:
        raise ValueError("its local header has another name")
    skip = LOCAL_HEADER + name_size + int.from_bytes(head[28:30], "little")
    if entry.offset + skip + entry.packed > source.size:
        raise ValueError("it is truncated")
    return entry.offset + skip, head[skip : skip + entry.packed]


def _unpack(
    source: FileSource, entry: Entry, watch: Callable[[memoryview], None] | None
) -> memoryview:
    start, packed = _start(source, entry)
    if entry.method == DEFLATED:
        if entry.size > entry.packed * MOST_PER_BYTE + MOST_PER_BYTE:
            raise ValueError(f"{entry.packed} bytes cannot unpack to {entry.size}")
        if len(packed) != entry.packed or entry.packed > SMALL:
            return _inflate(source, start, entry, watch)
        data = _fast().decompress(packed, -zlib.MAX_WBITS, entry.size + 1)
    elif entry.method == STORED:
        data = packed if len(packed) == entry.packed else source.read_at(start, entry.packed)
    else:
        raise ValueError(f"packing method {entry.method}, which pip may not unpack either")
    if len(data) != entry.size:
        raise ValueError(f"it unpacks to {len(data)} bytes instead of {entry.size}")
    if _fast().crc32(data) != entry.crc:
        raise ValueError("its checksum is wrong")
    whole = memoryview(data)
    if watch:
        watch(whole)
    return whole


def _inflate(
    source: FileSource,
    start: int,
    entry: Entry,
    watch: Callable[[memoryview], None] | None,
) -> memoryview:
    if entry.size > BOMB_SIZE and entry.size > entry.packed * BOMB_RATIO:
        raise ValueError(f"a zip bomb: {entry.packed} bytes that unpack to {entry.size}")
    library = _fast()
    out, populate = _buffer(entry.size)
    unpacker = library.decompressobj(-zlib.MAX_WBITS)
    at = taken = crc = ready = shown = 0
    piece = b""
    while not unpacker.eof:
        if not piece:
            piece = source.read_at(start + taken, min(STEP_IN, entry.packed - taken))
            taken += len(piece)
        given = unpacker.decompress(piece, STEP_OUT)
        end = at + len(given)
        if end > entry.size:
            raise ValueError("it unpacks to more than its declared size")
        if not given and not piece:
            raise ValueError("it is truncated")
        if end > ready:
            populate(ready)
            ready += WINDOW
        out[at:end] = given
        crc = library.crc32(given, crc)
        at, piece = end, unpacker.unconsumed_tail
        if watch and at - shown >= WATCH:
            watch(out[shown:at])
            shown = at
    if at != entry.size:
        raise ValueError(f"it unpacks to {at} bytes instead of {entry.size}")
    if crc != entry.crc:
        raise ValueError("its checksum is wrong")
    if watch and at > shown:
        watch(out[shown:at])
    return out.toreadonly()


def _buffer(size: int) -> tuple[memoryview, Callable[[int], None]]:
    """Return a buffer for a member, and a function that populates a window of it.

    Pages of a mapping cost nothing until they are written; then each costs a page fault, unless
    Linux is asked to populate many at once. Huge pages would be faster still, but wait for memory
    compaction.
    """
    if size < MAP_FROM or not hasattr(mmap, "MAP_ANONYMOUS"):  # Windows has no MADV_POPULATE_WRITE
        return memoryview(mmap.mmap(-1, size) if size >= MAP_FROM else bytearray(size)), _nothing
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

    def populate(at: int) -> None:
        with contextlib.suppress(OSError, ValueError):  # before Linux 5.14
            pages.madvise(MADV_POPULATE_WRITE, at, min(WINDOW, size - at))

    return memoryview(pages), populate if sys.platform == "linux" else _nothing


def _nothing(_: int) -> None:
    """Populate nothing."""


def peek_entry(source: FileSource, entry: Entry, *, archive: str) -> bytes:
    """Return the first bytes of a member (up to 16), to tell what it is."""
    try:
        start, _ = _start(source, entry)
        packed = source.read_at(start, min(entry.packed, PEEK_IN))
        if entry.method == DEFLATED:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, PEEK)
        return packed[:PEEK]
    except (ValueError, zlib.error) as error:
        raise InputError(f"{archive}: member {entry.path!a} cannot be unpacked: {error}") from error
