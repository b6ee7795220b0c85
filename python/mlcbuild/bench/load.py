"""When requests start: the closed and the open loop.

In a closed loop each of N users waits for an answer before sending the next request. In an open
loop requests are due at fixed times (or a Poisson process's), however slow the answers: like the
users of a real server, and the only way to see a queue grow.

A ``Recorder`` collects the samples, and stops a run early when continuing is useless.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.bench.analyse import analyse, gone_since
from mlcbuild.bench.records import CONNECTION_FAILURES, Ended, Load, RunResult, Sample

if TYPE_CHECKING:
    from mlcbuild.bench.client import Client

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


def due_times(load: Load) -> Iterator[float]:
    """Yield the due times of an open loop's requests, in seconds from its start."""
    if load.rate is None:
        raise ValueError("a closed loop has no due times")
    chance = random.Random(load.seed)  # noqa: S311 - load, no secrets; the same one each time
    at, count = 0.0, 0
    while (load.requests is None or count < load.requests) and (
        load.duration_s is None or at < load.duration_s
    ):
        yield at
        count += 1
        at = at + chance.expovariate(load.rate) if load.poisson else count / load.rate


async def run_load(
    client: Client,
    load: Load,
    *,
    interrupted: asyncio.Event,
    on_start: Callable[[Recorder], None] = lambda _: None,
) -> RunResult:
    """Warm up, run one load to its end, and return its figures."""
    at_most = load.concurrency or 1
    warmup = _Work(client, Recorder(in_flight_at_most=at_most))
    client.origin = time.perf_counter()
    await warmup.until(interrupted, warmup.closed(at_most, load.warmup_requests, None))
    work = _Work(client, Recorder(in_flight_at_most=at_most))
    on_start(work.recorder)
    client.origin = time.perf_counter()
    began_cpu = time.process_time()
    await work.until(
        interrupted,
        work.opened(load)
        if load.rate is not None
        else work.closed(at_most, load.requests, load.duration_s),
    )
    elapsed = client.now()
    recorder = work.recorder
    ended = recorder.ended
    if ended == "complete" and gone_since(recorder.samples) is not None:
        ended = "server-died"
    return analyse(
        load,
        recorder.samples,
        warmup=warmup.recorder.samples,
        ended=ended,
        elapsed_s=elapsed,
        unfinished=work.in_flight,
        cpu_s=time.process_time() - began_cpu,
    )


class _Work:
    """The requests of one run: those in flight, and the recorder of their samples."""

    def __init__(self, client: Client, recorder: Recorder) -> None:
        self._client = client
        self.recorder = recorder
        self.in_flight = 0

    async def _one(self, index: int, intended_s: float | None = None) -> None:
        self.in_flight += 1
        sample = await self._client.send(index, intended_s)
        self.in_flight -= 1  # not for a cancelled one: it counts as unfinished
        self.recorder.add(sample)

    async def closed(
        self, concurrency: int, requests: int | None, duration_s: float | None
    ) -> None:
        """Run that many users, each sending again as soon as it has its answer."""
        numbers = iter(range(requests)) if requests is not None else itertools.count()

        async def user() -> None:
            for index in numbers:
                await self._one(index)
                if duration_s is not None and self._client.now() >= duration_s:
                    return

        await _all([asyncio.ensure_future(user()) for _ in range(concurrency)])

    async def opened(self, load: Load) -> None:
        """Start each request when it is due, however many are in flight."""
        places = asyncio.Semaphore(load.max_in_flight)

        async def request(index: int, due: float) -> None:
            async with places:
                await self._one(index, due)

        tasks: set[asyncio.Task[None]] = set()
        due = 0.0
        try:
            for index, due in enumerate(due_times(load)):
                await asyncio.sleep(max(due - self._client.now(), 0))
                task = asyncio.ensure_future(request(index, due))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            # The last request's interval is part of the run, or the rate would look higher.
            last = due + 1 / (load.rate or 1.0)
            await asyncio.sleep(min(last, load.duration_s or last) - self._client.now())
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            raise
        await _all(list(tasks))

    async def until(self, interrupted: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
        """Work to the end, until it is useless, or until interrupted."""
        task = asyncio.ensure_future(work)
        stops = [asyncio.ensure_future(e.wait()) for e in (self.recorder.stop, interrupted)]
        await asyncio.wait([task, *stops], return_when=asyncio.FIRST_COMPLETED)
        if interrupted.is_set():
            self.recorder.end("interrupted")
        for each in (task, *stops):
            if each is not task or not task.done():
                each.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _all(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait for all; when cancelled, cancel and await them too."""
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
