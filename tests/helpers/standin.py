"""A server that answers as a test wants: well, badly, slowly, or not any more."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Reply", "Request", "chat_app", "chat_chunks", "json_reply", "serving"]

MODEL = "tiny"


@dataclass(frozen=True)
class Request:
    """What came; ``number`` counts the requests of the server from 0."""

    method: str
    path: str
    body: bytes
    number: int
    headers: dict[str, str]

    @property
    def table(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass(frozen=True)
class Reply:
    """What goes back: ``pieces`` are (seconds to wait, bytes). ``cut`` breaks off before the end.

    ``stop`` ends the whole server instead of answering.
    """

    status: int = 200
    kind: str = "text/plain"
    pieces: list[tuple[float, bytes]] = field(default_factory=list)
    cut: bool = False
    stop: bool = False
    raw: bytes | None = None


def json_reply(table: object, status: int = 200, wait: float = 0.0) -> Reply:
    return Reply(status, "application/json", [(wait, json.dumps(table).encode())])


def chat_chunks(words: list[str], usage: dict[str, int] | None) -> list[bytes]:
    """Return the events of a streamed chat completion, one a word, then usage and the end."""
    events: list[dict[str, Any]] = [{"choices": [{"delta": {"role": "assistant"}}]}]
    events += [{"choices": [{"delta": {"content": word}}]} for word in words]
    events.append({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    if usage is not None:
        events.append({"choices": [], "usage": usage})
    return [f"data: {json.dumps(e)}\n\n".encode() for e in events] + [b"data: [DONE]\n\n"]


def chat_app(
    *, words: int = 5, first: float = 0.0, gap: float = 0.0, usage: bool = True
) -> Callable[[Request], Reply]:
    """Return an app that lists one model and chats, streamed where that is asked for."""

    def app(request: Request) -> Reply:
        if request.path == "/v1/models":
            return json_reply({"object": "list", "data": [{"id": MODEL}]})
        if request.path != "/v1/chat/completions" or request.method != "POST":
            return json_reply({"detail": "Not Found"}, 404)
        counted = {"prompt_tokens": 3, "completion_tokens": words} if usage else None
        if request.table.get("stream"):
            said = chat_chunks(["word "] * words, counted)
            waits = [first, 0.0] + [gap] * (words - 1) + [0.0] * 3
            pieces = [(wait, event) for wait, event in zip(waits, said, strict=False)]
            return Reply(200, "text/event-stream", pieces)
        table = {"choices": [{"message": {"content": "word " * words}}], "usage": counted}
        return json_reply(table, wait=first + gap * (words - 1))

    return app


class _Server:
    def __init__(self, app: Callable[[Request], Reply]) -> None:
        self.app = app
        self.port = 0
        self.seen: list[Request] = []
        self._ready = threading.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10)

    def end(self) -> None:
        with contextlib.suppress(RuntimeError):  # its loop is closed: it has ended by itself
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for writer in self._writers:
            writer.transport.abort()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with contextlib.suppress(
                ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError
            ):
                while await self._answer(reader, writer):
                    pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.splitlines()
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = first.split(" ", 2)
        request = Request(method, path, body, len(self.seen), headers)
        self.seen.append(request)
        reply = self.app(request)
        if reply.stop:
            self._stop.set()
            return False
        if reply.raw is not None:
            writer.write(reply.raw)
            return False
        writer.write(
            f"HTTP/1.1 {reply.status} Said\r\nContent-Type: {reply.kind}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        for wait, piece in reply.pieces:
            if wait:
                await asyncio.sleep(wait)
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            await writer.drain()
        if reply.cut:
            writer.transport.abort()
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


@contextlib.contextmanager
def serving(app: Callable[[Request], Reply]) -> Iterator[_Server]:
    """Serve on a free port of 127.0.0.1, in a thread, until the block ends."""
    server = _Server(app)
    server.start()
    try:
        yield server
    finally:
        server.end()
