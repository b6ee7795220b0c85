"""A progress bar on a terminal's stderr during a run; nothing elsewhere."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlcbuild.bench.recorder import Recorder
    from mlcbuild.bench.records import Load

__all__ = ["bar"]

_EVERY_S: Final = 0.2


@contextlib.contextmanager
def bar() -> Iterator[Callable[[Load, Recorder], None]]:
    """Yield the callback that ``bench`` calls as each run begins.

    A separate thread draws: drawing must not delay requests due in the event loop.
    """
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console  # noqa: PLC0415 - on a terminal only
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
    )
    state: list[tuple[Load, Recorder, float]] = []
    over = threading.Event()
    with Progress(
        *columns,
        # Only the terminal: a log should not contain partial lines.
        console=Console(file=getattr(sys.stderr, "terminal", sys.stderr)),
        transient=True,
        auto_refresh=False,
    ) as shown:
        task = shown.add_task("warm-up", total=None, said="")

        def draw() -> None:
            while not over.wait(_EVERY_S):
                if state:
                    load, recorder, began = state[-1]
                    done, total = _done(load, recorder, time.monotonic() - began)
                    failed = len(recorder.samples) - recorder.successes
                    shown.update(
                        task,
                        description=load.label,
                        completed=done,
                        total=total,
                        said=f"{recorder.successes} ok, {failed} failed",
                    )
                shown.refresh()

        thread = threading.Thread(target=draw, daemon=True)
        thread.start()
        try:
            yield lambda load, recorder: state.append((load, recorder, time.monotonic()))
        finally:
            over.set()
            thread.join()


def _done(load: Load, recorder: Recorder, spent_s: float) -> tuple[float, float]:
    """Return progress and total: in requests, or in seconds for a timed run."""
    if load.requests is not None and load.duration_s is None:
        return len(recorder.samples), load.requests
    return min(spent_s, load.duration_s or 0.0), load.duration_s or 1.0
