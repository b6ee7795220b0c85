"""Answers of hostile and broken chat servers: the bytes that such a server sends, head and all."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING

from mutate import mutations
from standin import chat_chunks

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

__all__ = ["GOOD", "STREAM", "WHOLE", "answer", "answers", "wire_answers"]

USAGE = {"prompt_tokens": 3, "completion_tokens": 2}
WHOLE = json.dumps({"choices": [{"message": {"content": "hi"}}], "usage": USAGE}).encode()
STREAM = b"".join(chat_chunks(["a", "ä", "b"], USAGE))
MODELS = b'{"data": [{"id": "m"}, {"id": "n"}]}'
NUMBERS = ("9" * 5_000, "-1", "-0", "NaN", "Infinity", "-Infinity", "1e999", "1.5", "true", '"7"')


def answer(body: bytes, kind: str = "text/plain", encoding: str = "", status: int = 200) -> bytes:
    """Return an answer whose end is that of its connection."""
    coded = f"Content-Encoding: {encoding}\r\n" if encoding else ""
    return f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{coded}\r\n".encode() + body


#: Answers without damage, and the ways of asking in which they are successes.
GOOD = {
    answer(STREAM, "text/event-stream"): "plain, stream",
    answer(gzip.compress(STREAM), "text/event-stream", "gzip"): "plain, stream",
    answer(gzip.compress(STREAM) + gzip.compress(b""), encoding="gzip"): "plain, stream",
    answer(WHOLE, "application/json"): "plain, whole",
    answer(zlib.compress(WHOLE), "application/json", "deflate"): "plain, whole",
    answer(MODELS, "application/json"): "plain",
}


def answers(source: random.Random, count: int) -> Iterator[bytes]:
    """Give answers whose body, encoding, type or status is odd; the head itself is well formed."""
    kinds = ("application/json", "text/event-stream", "text/html", "x/y+JSON; a", "", "\xff" * 99)
    for _ in range(count):
        body, coding = _body(source), ""
        match source.randrange(8):
            case 0:
                body, coding = gzip.compress(body), "gzip"
            case 1:
                body, coding = zlib.compress(body), source.choice(("deflate", "gzip", "GZIP "))
            case 2:
                packed = gzip.compress(body)
                body, coding = packed[: source.randrange(len(packed))], "gzip"
            case 3:
                body = next(mutations(source, [gzip.compress(body)], 1))
                coding = source.choice(("gzip", "x-gzip", "deflate"))
            case 4:
                coding = source.choice(("gzip", "br", "gzip, gzip", "identity", "x" * 5_000))
        status = source.choice((200, 200, 200, 200, 206, 204, 302, 500))
        yield answer(body, source.choice(kinds), coding, status)


def _body(source: random.Random) -> bytes:
    number = source.choice(NUMBERS)
    usage = f'"usage": {{"prompt_tokens": {number}, "completion_tokens": {number}}}'
    parts = STREAM.split(b"\n\n")
    at = source.randrange(len(parts))
    odd = source.choice(
        (
            b"[" * source.randrange(1, 100_000),
            b'{"a":' * source.randrange(1, 50_000),
            b'{"choices": [], ' + usage.encode() + b"}",
            b'{"choices": [{"delta": {"content": "\xff\xfe\xed\xa0\x80"}}]}',
            b'{"choices": [{"delta": {"content": NaN}, "text": "\\ud800"}]}',
            b'{"error": {"message": "out of memory"}}',
            b'{"data": [{"id": []}, {"id": "\\ud800\\u001b[31m"}]}',
            b"data: " * source.randrange(1, 999) + b"\r\n\r\n",
            b"\n" * source.randrange(1, 9_999),
            b"\0" * source.randrange(1, 9_999),
            source.randbytes(source.randrange(1, 999)),
        )
    )
    return source.choice(
        (
            STREAM,
            WHOLE,
            STREAM[: source.randrange(len(STREAM))],
            WHOLE[: source.randrange(len(WHOLE))],
            WHOLE.replace(b"2}", number.encode() + b"}").replace(b"3", number.encode()),
            next(mutations(source, [STREAM, WHOLE, MODELS], 1)),
            b"\n\n".join([*parts[:at], b"data: " + odd, *parts[at:]]),
            odd,
        )
    )


def wire_answers(source: random.Random, count: int) -> Iterator[bytes]:
    """Give answers in HTTP's framings, chunked or of a stated length, that are cut or damaged."""
    for data in answers(source, count):
        head, _, body = data.partition(b"\r\n\r\n")
        if source.randrange(2):
            size = source.choice((1, 7, 1_000, 1 << 16))
            size = max(size, len(body) // 500)
            cuts = [body[at : at + size] for at in range(0, len(body), size)] + [b""]
            body = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in cuts)
            head += b"\r\nTransfer-Encoding: chunked"
        else:
            extra = source.choice((0, 0, 1, 99, 1 << 40, -1 - len(body)))
            head += b"\r\nContent-Length: %d" % (len(body) + extra)
        whole = head + b"\r\n\r\n" + body
        match source.randrange(3):
            case 0:
                yield whole
            case 1:
                yield whole[: source.randrange(len(whole))]
            case _:
                yield next(mutations(source, [whole], 1))
