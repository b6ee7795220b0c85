"""A whole load test: find the API and model, run each load, judge, report one headline."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING

from mlcbuild.bench.client import Client, Question, new_session
from mlcbuild.bench.load import Recorder, run_load
from mlcbuild.bench.records import Api, Load, Result, RunResult, Target
from mlcbuild.bench.target import find_target, hint_for, served_models
from mlcbuild.bench.verdict import headline, is_ok, notes
from mlcbuild.errors import InputError, UsageError
from mlcbuild.progress import left, redrawn

if TYPE_CHECKING:
    import aiohttp


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The plan: ``loads`` one after the other; ``api`` and ``model`` are None to detect them."""

    url: str
    loads: Sequence[Load]
    question: Question = field(default_factory=Question)
    api: Api | None = None
    model: str | None = None
    method: str | None = None
    stream: bool = True
    timeout_s: float = 60.0
    max_failures: float = 0.0


def bench(plan: Plan, on_start: Callable[[Load, Recorder], None] = lambda *_: None) -> Result:
    """Run a plan; ``on_start`` is called for each run as its measurement begins.

    Ctrl-C ends it and keeps the results so far. Raises ``InputError`` for a server that cannot be
    reached, ``UsageError`` for an unusable URL, model or installation.
    """
    return asyncio.run(_bench(plan, on_start))


async def _bench(plan: Plan, on_start: Callable[[Load, Recorder], None]) -> Result:
    started = datetime.now(UTC).isoformat(timespec="seconds")
    interrupted = asyncio.Event()
    headers = plan.question.headers
    async with new_session(plan.timeout_s) as session:
        target = await find_target(
            session,
            plan.url,
            api=plan.api,
            model=plan.model,
            stream=plan.stream,
            method=plan.method,
            headers=headers,
        )
        try:
            client = Client(session, target, plan.question)
        except UnicodeEncodeError as error:
            raise UsageError(f"the request cannot be encoded: {error}") from error
        runs: list[RunResult] = []
        with _ctrl_c_sets(interrupted):
            for load in plan.loads:
                run = await run_load(
                    client,
                    load,
                    interrupted=interrupted,
                    on_start=lambda recorder, load=load: on_start(load, recorder),  # type: ignore[misc]
                )
                runs.append(run)
                if run.ended != "complete":
                    break
        _refuse_unreachable(target, runs)
        hint = await _hint(session, target, runs, plan)
    return Result(
        target=target,
        started=started,
        runs=tuple(runs),
        max_failures=plan.max_failures,
        timeout_s=plan.timeout_s,
        ok=is_ok(runs, plan.max_failures),
        headline=headline(target, runs, plan.max_failures, hint=hint),
        notes=notes(runs, tokens=target.api != "plain"),
    )


def _refuse_unreachable(target: Target, runs: Sequence[RunResult]) -> None:
    """Raise ``InputError`` where no connection was ever made: nothing was measured."""
    kinds = [failure for run in runs for failure in run.failures]
    if kinds and not any(r.successes for r in runs) and all(f.kind == "connect" for f in kinds):
        raise InputError(
            f"{target.url} cannot be reached ({kinds[0].example})",
            remedy="is the server up, and the port right?",
        )


async def _hint(
    session: aiohttp.ClientSession, target: Target, runs: Sequence[RunResult], plan: Plan
) -> str:
    """Return a hint where the server has no such path."""
    failures = [failure for run in runs for failure in run.failures]
    if not failures or any(run.successes for run in runs):
        return ""
    models = None
    with contextlib.suppress(InputError):
        models = await served_models(session, target.url, plan.question.headers)
    return hint_for(target, models, failures[0].status)


@contextlib.contextmanager
def _ctrl_c_sets(event: asyncio.Event) -> Iterator[None]:
    """Let the first Ctrl-C set the event, and a second one end the process as usual."""
    loop = asyncio.get_running_loop()

    def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        signal.signal(signal.SIGINT, signal.default_int_handler)
        loop.call_soon_threadsafe(event.set)

    try:
        before = signal.signal(signal.SIGINT, note)
    except ValueError:  # not the main thread: its owner handles Ctrl-C
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


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
