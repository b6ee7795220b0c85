"""Read a response body: decoded as a stream, up to a limit, never held in memory as a whole.

A load test has thousands of responses in flight. A response beyond these limits is not that of a
chat server, and its figures would be meaningless.

``EventReader`` cuts server-sent events out of it (HTML standard, section 9.2.6).
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import aiohttp

#: Bytes of one event, its lines together.
_LARGEST: Final = 1 << 20


class EventReader:
    """Collects the ``data`` of events. A lone carriage return does not end a line."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[str] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[str]:
        """Return the data of every event that this piece completes.

        Raises ``ValueError`` for one above the size limit.
        """
        self._rest += piece
        events: list[str] = []
        if b"\n" in piece:
            *lines, rest = bytes(self._rest).split(b"\n")
            self._rest = bytearray(rest)
            for line in lines:
                self._line(line.removesuffix(b"\r"), events)
        if self._size + len(self._rest) > _LARGEST:
            raise ValueError(f"an event of the stream is larger than {_LARGEST >> 20} MiB")
        return events

    def _line(self, line: bytes, events: list[str]) -> None:
        if not line:
            if self._data:
                events.append("\n".join(self._data))
            self._data, self._size = [], 0
        elif line == b"data" or line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" ").decode("utf-8", "replace"))
            self._size += len(line) + 1


#: Decoded bytes of a response: parsed as a whole, streamed, only counted.
ANSWER: Final = 4 << 20
STREAM: Final = 16 << 20
PLAIN: Final = 64 << 20
#: Bytes decoded at a time: a gzip bomb expands a thousandfold.
_BLOCK: Final = 1 << 16
#: Encoded bytes at a time: zlib copies the rest of them for each block and member.
_RAW: Final = 1 << 12
#: Bytes of a plain body kept for the report's excerpt.
_HEAD: Final = 1200


class BodyError(Exception):
    """A body that is not read to its end; ``kind`` is the failure."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


async def pieces(response: aiohttp.ClientResponse, limit: int) -> AsyncIterator[bytes]:
    """Yield the decoded body.

    Raises ``BodyError`` past the limit, and for an unknown, damaged or truncated encoding.
    """
    decoder = _Decoder(response.headers.get("Content-Encoding", ""))
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and len(length) < 20 and int(length) > limit:  # noqa: PLR2004 - digits
        raise _too_large(limit)
    left = encoded = limit
    async for raw in response.content.iter_any():
        encoded -= len(raw)  # it may decode to nothing, endlessly
        for piece in decoder.feed(raw):
            left -= len(piece)
            if left < 0:
                raise _too_large(limit)
            yield piece
        if encoded < 0:
            raise _too_large(limit)
    decoder.finish()


async def whole(response: aiohttp.ClientResponse, limit: int = ANSWER) -> bytes:
    """Return the body. Raises like ``pieces``."""
    body = bytearray()
    async for piece in pieces(response, limit):
        body += piece
    return bytes(body)


class Plain:
    """The beginning of a body of any length, and whether it contains a text."""

    def __init__(self, expect: str | None) -> None:
        self.head = b""
        self.received = 0
        self._wanted = None if expect is None else expect.encode()
        self._tail = b""

    @property
    def lacks(self) -> bool:
        """Whether the expected text is missing."""
        return self._wanted is not None

    def feed(self, piece: bytes) -> None:
        """Take the next piece."""
        self.received += len(piece)
        if len(self.head) < _HEAD:
            self.head += piece[:_HEAD]
        if self._wanted is None:
            return
        seen = self._tail + piece
        if self._wanted in seen:
            self._wanted = None
        else:
            self._tail = seen[-len(self._wanted) :]


def _too_large(limit: int) -> BodyError:
    return BodyError("too-large", f"the answer is larger than {limit >> 20} MiB")


class _Decoder:
    """Decodes a body in blocks; servers send gzip even if not requested."""

    def __init__(self, encoding: str) -> None:
        self._name = encoding.strip().lower()
        self._engine: zlib._Decompress | None = None
        if self._name not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise BodyError(
                "encoded", f"the answer is encoded ({self._name}), which was not requested"
            )

    def feed(self, raw: bytes) -> Iterator[bytes]:
        """Yield the decoded bytes. Raises ``BodyError`` where the encoding is invalid."""
        if self._name in {"", "identity"}:
            yield raw
            return
        for at in range(0, len(raw), _RAW):
            yield from self._block(raw[at : at + _RAW])

    def _block(self, raw: bytes) -> Iterator[bytes]:
        while raw:
            if self._engine is None or self._engine.eof:  # members follow one another: RFC 1952
                self._engine = zlib.decompressobj(
                    zlib.MAX_WBITS | 32
                )  # gzip or zlib, by its header
            try:
                piece = self._engine.decompress(raw, _BLOCK)
            except zlib.error as error:
                raise BodyError("encoded", f"the answer is not {self._name}: {error}") from error
            raw = self._engine.unconsumed_tail or self._engine.unused_data
            if piece:
                yield piece

    def finish(self) -> None:
        """Raise ``BodyError`` where the encoded data is truncated."""
        if self._engine is not None and not self._engine.eof:
            raise BodyError("encoded", f"the answer's {self._name} data ends too early")
