"""One request over aiohttp, timed and judged.

aiohttp and not httpx: about 0.1 ms of this process's time per request against 1.0 ms, measured by
``benchmarks/bench_load.py``. The client's cost is part of every reported latency.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.bench.answers import (
    Answer,
    StreamReader,
    excerpt_of,
    is_json,
    judge_completion,
    judge_plain,
)
from mlcbuild.bench.body import PLAIN, STREAM, BodyError, Plain, pieces, whole
from mlcbuild.bench.records import Sample, Target
from mlcbuild.errors import InputError, UsageError
from mlcbuild.extras import install_extra

if TYPE_CHECKING:
    import aiohttp


DEFAULT_PROMPT: Final = "Tell me about the libraries that a program loads when it starts."


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """The content of every request. ``body`` replaces the JSON of a completion."""

    prompts: Sequence[str] = (DEFAULT_PROMPT,)
    max_tokens: int = 64
    temperature: float = 0.0
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    expect: str | None = None


def bodies(target: Target, question: Question) -> list[bytes]:
    """Return the bodies that requests use in turn, one per prompt; a plain GET has none."""
    if question.body is not None:
        return [question.body]
    if target.api == "plain":
        return [b""]
    return [json.dumps(_completion(target, question, text)).encode() for text in question.prompts]


def _completion(target: Target, question: Question, prompt: str) -> dict[str, Any]:
    table: dict[str, Any] = {
        "model": target.model,
        "max_tokens": question.max_tokens,
        "temperature": question.temperature,
    }
    if target.api == "chat":
        table["messages"] = [{"role": "user", "content": prompt}]
    else:
        table["prompt"] = prompt
    if target.stream:
        table |= {"stream": True, "stream_options": {"include_usage": True}}
    return table


_SUCCESS: Final = range(200, 300)


def new_session(timeout_s: float) -> aiohttp.ClientSession:
    """Return a session without limits, proxies or cookies. Call it inside an event loop.

    Raises ``UsageError`` where aiohttp is not installed (it is the extra ``bench``).
    """
    try:
        import aiohttp  # noqa: PLC0415 - an extra, and a tenth of a second
    except ImportError as error:
        raise UsageError("bench needs aiohttp", remedy=install_extra("bench")) from error
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,  # see bench.body: a bomb would be in memory before it is detected
        timeout=aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(timeout_s, 10.0)),
        headers={"User-Agent": "mlcbuild-bench", "Accept-Encoding": "identity"},
    )


class Client:
    """Sends the requests of one target; ``origin`` is the clock at which the run started."""

    def __init__(self, session: aiohttp.ClientSession, target: Target, question: Question) -> None:
        self._session = session
        self._target = target
        self._question = question
        self._bodies = bodies(target, question)
        kind = {"Content-Type": "application/json"} if self._bodies[0] else {}
        self._headers = {**kind, **question.headers}
        self.origin = time.perf_counter()

    def now(self) -> float:
        """Return the seconds since the start of the run."""
        return time.perf_counter() - self.origin

    async def send(self, index: int, intended_s: float | None = None) -> Sample:
        """Send the request of this index. Never raises for errors of the server or network."""
        body = self._bodies[index % len(self._bodies)]
        started = self.now()
        reader = StreamReader() if self._target.stream else None
        status: int | None = None
        received = 0
        try:
            async with self._session.request(
                self._target.method,
                self._target.url,
                data=body or None,
                headers=self._headers,
                allow_redirects=False,
            ) as response:
                status = response.status
                if reader is not None and status in _SUCCESS:
                    async for piece in pieces(response, STREAM):
                        received += len(piece)
                        reader.feed(piece, self.now())
                        if reader.failed:
                            response.close()  # do not wait for the rest
                            break
                    answer = reader.finish()
                else:
                    received, answer = await self._judged(response)
        except asyncio.CancelledError:
            raise
        except BodyError as error:
            answer = Answer(failure=error.kind, excerpt=excerpt_of(str(error)))
        except Exception as error:  # noqa: BLE001 - aiohttp's, the system's, and TimeoutError
            answer = _of_error(error)
        ended = self.now()
        return Sample(
            intended_s=started if intended_s is None else intended_s,
            started_s=started,
            ended_s=ended,
            first_s=reader.first_s if reader is not None else None,
            gaps_s=tuple(reader.gaps_s) if reader is not None else (),
            failure=answer.failure,
            status=status,
            excerpt=answer.excerpt,
            received=received,
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.completion_tokens,
        )

    async def _judged(self, response: aiohttp.ClientResponse) -> tuple[int, Answer]:
        """Return the bytes of a body that is not streamed, and its verdict."""
        status, kind = response.status, response.headers.get("Content-Type", "")
        plain, expect = self._target.api == "plain", self._question.expect
        if status in _SUCCESS and (is_json(kind) or not plain):
            body = await whole(response)
            judged = judge_plain(status, kind, body, expect)
            return len(body), judged if plain else judge_completion(status, body)
        seen = Plain(expect if plain else None)
        async for piece in pieces(response, PLAIN):
            seen.feed(piece)
        return seen.received, judge_plain(status, "", seen.head, expect if seen.lacks else None)


def _of_error(error: Exception) -> Answer:
    """Return the failure of an exception of aiohttp. Re-raises any other."""
    import aiohttp  # noqa: PLC0415 - see new_session

    said = _words(error)
    kinds: tuple[tuple[type[Exception], str], ...] = (
        (asyncio.TimeoutError, "timeout"),
        (TimeoutError, "timeout"),
        (aiohttp.ClientConnectorError, "connect"),
        (aiohttp.ServerDisconnectedError, "disconnected"),
        (aiohttp.ClientOSError, "disconnected"),
        (aiohttp.ClientPayloadError, "truncated"),
        (aiohttp.ClientResponseError, "not-http"),
        (aiohttp.ClientError, "connect"),
        (OSError, "disconnected"),
        (ValueError, "not-http"),  # a line longer than aiohttp reads
    )
    for kind, name in kinds:
        if isinstance(error, kind):
            return Answer(failure=name, excerpt="timed out" if name == "timeout" else said)
    raise error


def _words(error: Exception) -> str:
    """Return an exception's message as one line, without asyncio's prefix."""
    system = getattr(error, "os_error", error)
    number = system.errno if isinstance(system, OSError) else None
    # Windows' error numbers map to a wrong errno (refused: "Invalid argument"); the text is right.
    if (
        getattr(system, "winerror", None) is None
        and number is not None
        and number in errno.errorcode
    ):
        return os.strerror(number)
    plain = getattr(system, "strerror", None) or getattr(error, "message", None) or str(error)
    return excerpt_of(str(plain)) or type(error).__name__  # aiohttp quotes the unparsable bytes


async def read_once(
    session: aiohttp.ClientSession, url: str, headers: Mapping[str, str]
) -> tuple[int, bytes]:
    """Get a URL and return its status and body.

    Raises ``InputError`` where nothing answers, or the answer is not HTTP.
    """
    try:
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            return response.status, await whole(response)
    except BodyError as error:
        raise InputError(f"{url} cannot be read: {error}", remedy="is it a chat server?") from error
    except Exception as error:
        answer = _of_error(error)
        wrong = "does not speak HTTP" if answer.failure == "not-http" else "cannot be reached"
        raise InputError(
            f"{url} {wrong} ({answer.excerpt})", remedy="is the server up, and the port right?"
        ) from error
