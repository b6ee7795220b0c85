"""Time limits for HTTP responses: a socket timeout covers one read only.

A server that sends one byte a second meets every timeout and blocks a build for days.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    import ssl
    from http.client import HTTPResponse

#: Seconds within which the complete headers must arrive.
_BEGIN_S: Final = 60.0
#: Minimum bytes in that many seconds, whatever the size; Git is given the same limit.
_SLOWEST: Final = (6000, 60.0)
_BLOCK: Final = 1 << 16


class Watch:
    """Closes connections made in its block whose response does not begin in time."""

    def __init__(self, limit_s: float | None = None) -> None:
        self._limit_s = _BEGIN_S if limit_s is None else limit_s
        self._timer = threading.Timer(self._limit_s, self._end)
        self._timer.daemon = True
        self._sockets: list[socket.socket] = []
        self._late = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        # http.client accepts headers that end early as complete.
        if self._late and (error is None or isinstance(error, Exception)):
            raise TimeoutError(f"no answer within {self._limit_s:.0f} s") from error

    def _end(self) -> None:
        self._late = True
        for connection in self._sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handlers(
        self, context: Callable[[str], ssl.SSLContext]
    ) -> tuple[urllib.request.BaseHandler, ...]:
        """Return the handlers for HTTP and HTTPS.

        ``context`` returns the certificates for a host.
        """
        watch = self

        class Plain(http.client.HTTPConnection):
            def connect(self) -> None:
                super().connect()
                watch._sockets.append(self.sock)

        class Secure(http.client.HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                watch._sockets.append(self.sock)

        class Http(urllib.request.HTTPHandler):
            def http_open(self, req: urllib.request.Request) -> HTTPResponse:
                return self.do_open(Plain, req)

        class Https(urllib.request.HTTPSHandler):
            def https_open(self, req: urllib.request.Request) -> HTTPResponse:
                host = req.host.rpartition("@")[2].partition(":")[0]
                options: dict[str, Any] = {"context": context(host)}
                return self.do_open(Secure, req, **options)

        return Http(), Https()


def paced(response: HTTPResponse, *, most: int, deadline_s: float | None = None) -> Iterator[bytes]:
    """Yield the body in blocks as they arrive, within ``deadline_s`` seconds in total.

    It may be truncated. Raises ``TimeoutError`` when it is too slow, ``ValueError`` when it has
    more than ``most`` bytes.
    """
    length = response.headers.get("Content-Length")
    left = int(length) if length is not None else None
    allowed = most
    began = window = time.monotonic()
    received = 0
    while left is None or left > 0:
        block = response.read1(_BLOCK if left is None else min(_BLOCK, left))
        now = time.monotonic()
        if not block:
            break
        most -= len(block)
        if most < 0:
            raise ValueError(f"it is larger than {_size(allowed)}")
        yield block
        received += len(block)
        left = None if left is None else left - len(block)
        if deadline_s is not None and now - began > deadline_s:
            raise TimeoutError(f"it takes longer than {deadline_s:.0f} s")
        least, span_s = _SLOWEST
        if now - window > span_s:
            if received < least:
                raise TimeoutError(f"it sends fewer than {least / span_s:.0f} bytes a second")
            received, window = 0, now


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count and not count % (1 << 20) else f"{count} bytes"
