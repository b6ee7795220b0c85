"""``--log FILE``: all output of a command and its child processes, shown on the terminal or not."""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TextIO, cast

from mlcbuild import __version__
from mlcbuild.errors import InputError
from mlcbuild.foreign import one_line, visible
from mlcbuild.redaction import redacted
from mlcbuild.streams import styled

#: What children write goes here; it is lost without ``--log``.
CHILDREN: Final = logging.getLogger("mlcbuild.child")
CHILDREN.propagate = False
CHILDREN.addHandler(logging.NullHandler())

#: Colours and movements of a terminal.
_ESCAPES: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def _plain(text: str) -> str:
    """Return text without colours, with other control characters made visible."""
    return redacted(visible(_ESCAPES.sub("", text)))


class _Plain(logging.Formatter):
    """The output of child processes, made safe for a file."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return _plain(super().format(record).replace("\r\n", "\n"))


class _Tee:
    """A stream that writes to the log too. ``terminal`` is the stream alone."""

    def __init__(self, terminal: TextIO, log: TextIO) -> None:
        self.terminal = terminal
        self._log = log

    def write(self, text: str) -> int:
        """Write to both; return the characters written."""
        self._log.write(_plain(text))
        return self.terminal.write(text)

    def flush(self) -> None:
        """Flush both."""
        self._log.flush()
        self.terminal.flush()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the stream's own
        return getattr(self.terminal, name)


@contextlib.contextmanager
def kept(path: Path, arguments: Sequence[str]) -> Iterator[None]:
    """Keep what is written to stdout, stderr and ``CHILDREN`` until the block ends.

    Raises ``InputError`` where the file cannot be written. What was there is replaced.
    """
    try:
        log = path.open("w", encoding="utf-8", errors="backslashreplace", buffering=1)
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror}", remedy="choose another --log"
        ) from error
    began = time.monotonic()
    handler = logging.StreamHandler(log)
    handler.setFormatter(_Plain("%(message)s"))
    before = sys.stdout, sys.stderr
    out, err = styled(sys.stdout), styled(sys.stderr)
    with log:
        log.write(_plain(f"mlcbuild {__version__}: {one_line(' '.join(arguments))}\n"))
        CHILDREN.addHandler(handler)
        CHILDREN.setLevel(logging.DEBUG)
        sys.stdout = cast("TextIO", _Tee(out, log))
        sys.stderr = cast("TextIO", _Tee(err, log))
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before
            CHILDREN.removeHandler(handler)
            CHILDREN.setLevel(logging.NOTSET)
            log.write(f"mlcbuild: ended after {time.monotonic() - began:.1f} s\n")
