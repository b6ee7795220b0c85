"""Collect samples during a run, and stop it early when continuing is useless."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from mlcbuild.bench.records import CONNECTION_FAILURES

if TYPE_CHECKING:
    from mlcbuild.bench.records import Ended, Sample

#: Without a success among this many answers, the target is wrong and more load is useless.
GIVE_UP_AFTER: Final = 20
#: This many failures to connect in a row, besides those in flight, mean the server is dead.
_GONE_AFTER: Final = 10


class Recorder:
    """The samples of one run. ``stop`` is set when it must end early."""

    def __init__(self, *, in_flight_at_most: int) -> None:
        self.samples: list[Sample] = []
        self.successes = 0
        self.stop = asyncio.Event()
        self.ended: Ended = "complete"
        self._row = 0
        self._gone_after = in_flight_at_most + _GONE_AFTER

    def add(self, sample: Sample) -> None:
        """Add a sample; end the run where nothing ever succeeds or the server is dead."""
        self.samples.append(sample)
        if sample.failure is None:
            self.successes += 1
        self._row = self._row + 1 if sample.failure in CONNECTION_FAILURES else 0
        if not self.successes and len(self.samples) >= GIVE_UP_AFTER:
            self.end("gave-up")
        elif self.successes and self._row >= self._gone_after:
            self.end("server-died")

    def end(self, why: Ended) -> None:
        """End the run; the first reason is kept."""
        if not self.stop.is_set():
            self.ended = why
            self.stop.set()
