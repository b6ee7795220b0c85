"""Standard output and error with untrusted text escaped and secrets hidden.

The command line puts it around standard output and standard error, so that no ``print`` can forget.
What has colours of our own goes to ``styled(stream)``, its foreign parts made visible before.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from typing import Any, TextIO, cast

from mlcbuild.foreign import visible
from mlcbuild.redaction import redacted


class _Inert:
    """A stream that shows what it is given and obeys nothing in it."""

    def __init__(self, stream: TextIO) -> None:
        self.below = stream

    def write(self, text: str) -> int:
        """Write; return the characters taken."""
        self.below.write(redacted(visible(text)))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each."""
        for line in lines:
            self.write(line)

    @property
    def terminal(self) -> TextIO:
        """The terminal itself, without a log: for a line that is rewritten."""
        terminal: TextIO = getattr(self.below, "terminal", self.below)
        return terminal

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the stream's own
        return getattr(self.below, name)


def styled(stream: TextIO) -> TextIO:
    """Return the stream for colours, and for machine-readable text that must not be escaped."""
    below: TextIO = getattr(stream, "below", stream)
    return below


@contextlib.contextmanager
def inert() -> Iterator[None]:
    """Have standard output and standard error show all that is foreign, for this time."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast("TextIO", _Inert(styled(stream))) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
