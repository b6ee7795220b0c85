"""Give the bench client a server's answer, and judge what it makes of it by stricter readers.

``judge`` hands the body to the client piece by piece; ``Wire`` sends the whole answer over a
connection on 127.0.0.1. Both raise ``AssertionError`` where the client counts as a success what
strict readers of HTTP, gzip, JSON and events refuse, or keeps what no report may hold.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import http.client
import io
import json
import math
import re
import zlib
from typing import TYPE_CHECKING, Any

from mlcbuild.bench.answers import EXCERPT, is_json
from mlcbuild.bench.client import Client, Question, new_session
from mlcbuild.bench.records import Target
from mlcbuild.bench.target import find_target
from mlcbuild.errors import MlcbuildError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mlcbuild.bench.records import Sample

__all__ = ["Wire", "judge"]

WAYS = {
    "stream": Target(url="http://127.0.0.1", method="POST", api="chat", model="m", stream=True),
    "whole": Target(url="http://127.0.0.1", method="POST", api="chat", model="m"),
    "plain": Target(url="http://127.0.0.1", method="GET", api="plain"),
}


class _Canned:
    """Stands for aiohttp's session and for its response: the same answer, in pieces of a size."""

    def __init__(self, data: bytes, size: int) -> None:
        head, _, self._body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1])
        pairs = (line.partition(":") for line in lines)
        self.headers = {name: value.strip(" ") for name, _, value in pairs}
        self.content = self
        self._size = size

    def request(self, *_: object, **__: object) -> Any:
        return self

    get = request

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def close(self) -> None:
        pass

    async def iter_any(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._body), self._size):
            yield self._body[at : at + self._size]


def judge(data: bytes, size: int = 0) -> str:
    """Ask in every way for this answer, whole and in pieces; return the ways that it satisfies."""
    _, _, body = data.partition(b"\r\n\r\n")
    sizes = (size,) if size else (len(body) + 1, max(7, len(body) // 200))
    return asyncio.run(_judged([_Canned(data, each) for each in sizes], body))


async def _judged(sessions: list[Any], body: bytes) -> str:
    good = []
    for way, target in WAYS.items():
        seen = [await Client(each, target, Question()).send(0) for each in sessions]
        for sample in seen:
            inspect(sample, way, sessions[0].headers, body)
        kinds = {sample.failure for sample in seen}
        assert None not in kinds or len(kinds) == 1, f"{way}: it depends on the pieces: {kinds}"
        good += [way] if None in kinds else []
    await _models(sessions[0])
    return ", ".join(sorted(good)) or "failures"


async def _models(session: Any) -> None:
    for model in (None, "m", "another"):
        with contextlib.suppress(MlcbuildError):
            target = await find_target(session, "http://127.0.0.1", model=model, headers={})
            assert target.model is None or isinstance(target.model, str)


def inspect(sample: Sample, way: str, headers: dict[str, str], body: bytes) -> None:
    """Raise ``AssertionError`` for a sample that no report may hold."""
    assert sample.excerpt.isprintable(), "control characters"
    assert len(sample.excerpt) <= EXCERPT, f"an excerpt of {len(sample.excerpt)} characters"
    for count in (sample.prompt_tokens, sample.completion_tokens):
        assert count is None or (type(count) is int and 0 <= count < 1 << 40), f"{count} tokens"
    assert all(math.isfinite(gap) and gap >= 0 for gap in sample.gaps_s)
    if sample.failure is not None:
        assert sample.excerpt, "a failure that says nothing"
        return
    assert sample.status in range(200, 300), f"status {sample.status} is a success"
    coding = headers.get("Content-Encoding", "").strip().lower()
    text = body if coding in {"", "identity"} or not body else _unpacked(body)
    if way == "stream":
        assert _is_stream(text), "a broken stream is a success"
    elif way == "whole" or is_json(headers.get("Content-Type", "")):
        table = _strict(text)
        assert way == "plain" or _is_chunk(table), "not a completion, and a success"


def _unpacked(body: bytes) -> bytes:
    try:
        if body[:1] == b"\x1f":  # not gzip.decompress: it copies the rest for each member
            return gzip.GzipFile(fileobj=io.BytesIO(body)).read()
        return zlib.decompress(body)
    except (OSError, EOFError, zlib.error) as error:
        raise AssertionError(f"broken compressed data is a success: {error}") from error


def _strict(text: bytes | str) -> object:
    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        value: object = json.loads(text, parse_constant=refuse, parse_int=float)
    except (ValueError, RecursionError) as error:
        raise AssertionError(f"what is not JSON is a success: {error}") from error
    return value


def _is_chunk(table: object) -> bool:
    choices = table.get("choices") if isinstance(table, dict) else None
    return (
        isinstance(table, dict)
        and not table.get("error")
        and isinstance(choices, list)
        and all(isinstance(each, dict) for each in choices)
    )


def _is_stream(text: bytes) -> bool:
    lines = text.decode("utf-8", "replace").replace("\r\n", "\n")
    *blocks, _ = re.split(r"\n\n+", "\n" + lines)
    for block in blocks:
        data = [line[5:] for line in block.split("\n") if re.match("data(:|$)", line)]
        joined = "\n".join(line.removeprefix(" ") for line in data)
        if joined.strip() == "[DONE]":
            return True
        if data and not _is_chunk(_strict(joined)):
            return False
    return False


class Wire:
    """Sends answers over a connection, one connection each. ``close`` it."""

    def __init__(self, timeout_s: float = 2.0) -> None:
        self._timeout_s = timeout_s
        self._loop = asyncio.new_event_loop()
        self._data = b""
        start = asyncio.start_server(self._answer, "127.0.0.1", 0)
        self._server = self._loop.run_until_complete(start)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read(1 << 16)
            writer.write(self._data[: len(self._data) // 2])
            await writer.drain()
            writer.write(self._data[len(self._data) // 2 :])
            writer.close()
            await writer.wait_closed()
        except OSError:  # the client has heard enough
            writer.close()

    def judge(self, data: bytes) -> str:
        """Ask in every way for this answer; return the ways that it satisfies."""
        self._data = data
        return self._loop.run_until_complete(self._ask())

    async def _ask(self) -> str:
        good = []
        url = f"http://127.0.0.1:{self._port}/x"
        async with new_session(self._timeout_s) as session:
            for way, target in WAYS.items():
                here = Target(
                    url=url, method="POST", api=target.api, model="m", stream=target.stream
                )
                sample = await Client(session, here, Question()).send(0)
                headers, body = _by_another(self._data) if sample.failure is None else ({}, b"")
                inspect(sample, way, headers, body)
                good += [way] if sample.failure is None else []
        return ", ".join(sorted(good)) or "failures"

    def close(self) -> None:
        """Stop listening."""
        self._server.close()
        self._loop.run_until_complete(self._server.wait_closed())
        self._loop.close()


class _Socket(io.BytesIO):
    def makefile(self, *_: object) -> io.BytesIO:
        return self


def _by_another(data: bytes) -> tuple[dict[str, str], bytes]:
    """Return the head and the body as ``http.client`` reads them."""
    response = http.client.HTTPResponse(_Socket(data))  # type: ignore[arg-type]
    try:
        response.begin()
        body = response.read()
    except http.client.HTTPException as error:
        raise AssertionError(f"what is not HTTP is a success: {error!r}") from error
    return {name.title(): value for name, value in response.getheaders()}, body
