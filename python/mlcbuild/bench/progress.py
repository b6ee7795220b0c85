"""The progress of a run, on a terminal's stderr; nothing elsewhere."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from mlcbuild.progress import left, redrawn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlcbuild.bench.recorder import Recorder
    from mlcbuild.bench.records import Load


@contextlib.contextmanager
def shown() -> Iterator[Callable[[Load, Recorder], None]]:
    """Yield the callback that ``bench`` calls as each run begins.

    A separate thread draws: drawing must not delay requests due in the event loop.
    """
    runs: list[tuple[Load, Recorder, float]] = []

    def text() -> str:
        return said(*runs[-1][:2], time.monotonic() - runs[-1][2]) if runs else "warm-up"

    with redrawn(text):
        yield lambda load, recorder: runs.append((load, recorder, time.monotonic()))


def said(load: Load, recorder: Recorder, spent_s: float) -> str:
    """Return the line: the load, its answers so far, the time left."""
    done, total = float(len(recorder.samples)), float(load.requests or 0)
    if load.duration_s is not None:
        done, total = spent_s, load.duration_s
    failed = len(recorder.samples) - recorder.successes
    counts = f"{recorder.successes} ok, {failed} failed"
    return f"{load.label}: {counts}{left(done, total, spent_s)}"
