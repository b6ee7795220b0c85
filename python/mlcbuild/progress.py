"""Progress on one rewritten line of a terminal's stderr; nothing elsewhere.

The line appears after a second: quicker steps need none. Plain code and no library:
importing rich.progress takes 170 ms of CPU, which is more than `mlcbuild check` may take to start;
importing this takes 20.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Final, TextIO, TypeVar

from mlcbuild.foreign import one_line

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_Item = TypeVar("_Item")

#: Seconds until the line appears, and between two of its texts.
_PATIENCE_S: Final = 1.0
_EVERY_S: Final = 0.1
_TICK_S: Final = 0.25
#: Share of the work that has to be done before its speed says anything.
_TELLING: Final = 0.02


class Line:
    """The one line. Several threads may update it; ``close`` removes it."""

    def __init__(self, stream: TextIO | None = None, *, patience_s: float = _PATIENCE_S) -> None:
        stream = sys.stderr if stream is None else stream
        self._stream = stream if stream is not None and stream.isatty() else None
        self._lock = threading.Lock()
        self._next = time.monotonic() + patience_s
        self._there = False

    @property
    def shown(self) -> bool:
        """Tell whether there is a terminal at all."""
        return self._stream is not None

    def show(self, text: str) -> None:
        """Rewrite the line, unless it was rewritten just now."""
        if self._stream is None or time.monotonic() < self._next:
            return
        with self._lock:
            self._next = time.monotonic() + _EVERY_S
            self._there = True
            self._write(one_line(text)[: max(shutil.get_terminal_size().columns - 1, 10)])

    def close(self) -> None:
        """Take the line away, so that something else can be printed."""
        with self._lock:
            if self._there:
                self._there = False
                self._write("")

    def _write(self, text: str) -> None:
        # Only to the terminal: a log should not contain partial lines.
        stream = getattr(self._stream, "terminal", self._stream)
        if stream is not None:
            stream.write(f"\r\x1b[K{text}")
            stream.flush()


def counted(items: Collection[_Item], what: str, *, line: Line | None = None) -> Iterator[_Item]:
    """Yield the items, showing how many are done and how long the rest will take."""
    line = line or Line()
    if not line.shown:
        yield from items
        return
    began = time.monotonic()
    try:
        for number, item in enumerate(items):
            rest = left(number, len(items), time.monotonic() - began)
            line.show(f"{what} {number + 1} of {len(items)}{rest}")
            yield item
    finally:
        line.close()


def ticking(what: str, *, line: Line | None = None) -> AbstractContextManager[Line]:
    """Show the elapsed time of work without measurable progress."""
    began = time.monotonic()
    return redrawn(lambda: f"{what}, {clock(time.monotonic() - began)}", line=line)


@contextlib.contextmanager
def redrawn(text: Callable[[], str], *, line: Line | None = None) -> Iterator[Line]:
    """Show what ``text`` returns, again and again, from a thread of its own."""
    line = line or Line()
    if not line.shown:
        yield line
        return
    over = threading.Event()

    def tick() -> None:
        while not over.wait(_TICK_S):
            line.show(text())

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        over.set()
        thread.join()
        line.close()


def left(done: float, total: float, spent_s: float) -> str:
    """Return ``, 1:23 left``, estimated from the speed so far; empty at the beginning."""
    if done <= 0 or total <= 0 or done < total * _TELLING or done > total:
        return ""
    return f", {clock(spent_s * (total - done) / done)} left"


def clock(seconds: float) -> str:
    """Return ``0:05``, ``12:34`` or ``1:02:03``."""
    whole = int(seconds + 0.5)
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
