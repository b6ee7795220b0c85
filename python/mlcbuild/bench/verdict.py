"""The headline: one line that never presents a failed run as a result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from mlcbuild.bench.answers import excerpt_of

if TYPE_CHECKING:
    from mlcbuild.bench.records import Failures, RunResult, Target

#: Above this share of one core the client itself may have been the limit.
_BUSY: Final = 0.9
#: A request sent this late was delayed by the client, not by the server.
_LATE_S: Final = 0.05

_WORDS: Final = {
    "connect": "cannot connect",
    "disconnected": "connection dropped",
    "empty-answer": "2xx with an empty answer",
    "error-in-body": "2xx with an error in the body",
    "error-in-stream": "2xx with an error in the stream",
    "not-a-completion": "2xx, but the body is not a completion",
    "not-a-stream": "2xx, but nothing was streamed",
    "not-http": "the answer is not HTTP",
    "not-json": "2xx, but the body is not JSON",
    "timeout": "timeout",
    "truncated": "the answer was truncated",
    "unexpected-body": "2xx without the expected text",
}


def kind_words(failure: Failures) -> str:
    """Return a description of a kind of failure."""
    return words_of(failure.kind, failure.status)


def words_of(kind: str, status: int | None) -> str:
    """Return the same of a result that was read."""
    return f"HTTP {status}" if kind.startswith("http-") else _WORDS.get(kind, kind)


def is_ok(runs: Sequence[RunResult], max_failures: float) -> bool:
    """Return whether every run succeeded: at most that share failed, and something worked."""
    return bool(runs) and all(
        run.successes > 0
        and run.failure_share <= max_failures
        and run.ended in {"complete", "interrupted"}
        for run in runs
    )


def headline(
    target: Target, runs: Sequence[RunResult], max_failures: float, *, hint: str = ""
) -> str:
    """Return the verdict on all runs in one line. ``hint`` suggests a fix for a failure."""
    requests = sum(run.requests for run in runs)
    failed = sum(run.failed for run in runs)
    cut = any(run.ended == "interrupted" for run in runs)
    what = f"{target.method} {target.url}"
    begin = "INTERRUPTED, partial: " if cut else ""
    if not requests:
        return f"{begin}no request to {what} finished: nothing was measured"
    if is_ok(runs, max_failures):
        tolerated = f", {failed} failed (at most {max_failures:.3g} of each run may)"
        return (
            f"{begin or 'OK: '}{requests - failed} of {requests} requests to {what} succeeded"
            f"{tolerated if failed else ''}"
        )
    died = next((run for run in runs if run.ended == "server-died"), None)
    gave_up = "gave up, " if any(run.ended == "gave-up" for run in runs) else ""
    line = f"{begin}FAILED: {gave_up}{failed} of {requests} requests to {what} failed{_kinds(runs)}"
    if died is not None:
        refused = [f.first_at_s for f in died.failures if f.kind == "connect"]
        line = (
            f"{begin}FAILED: the server went away {min(refused, default=died.elapsed_s):.1f} s into"
            f" the run of"
            f" {died.load.label}, after {died.successes} successes{_kinds(runs)}"
        )
    if failed == requests:
        line += "; nothing was measured"
    return f"{line}: {hint}" if hint else line


def _kinds(runs: Sequence[RunResult]) -> str:
    counts: dict[str, int] = {}
    for run in runs:
        for failure in run.failures:
            words = kind_words(failure)
            counts[words] = counts.get(words, 0) + failure.count
    said = ", ".join(f"{count} x {words}" for words, count in counts.items())
    if len(counts) == 1:
        group = next(failure for run in runs for failure in run.failures)
        said = f"{next(iter(counts))}: {excerpt_of(group.example)[:80]}"
    return f" ({said})" if said else ""


def notes(runs: Sequence[RunResult], *, tokens: bool) -> tuple[str, ...]:
    """Return caveats for the figures; a caveat that applies to several runs is given once."""
    said: dict[str, list[str]] = {}
    for run in runs:
        for note in _notes(run, tokens=tokens):
            said.setdefault(note, []).append(run.load.label)
    return tuple(f"{', '.join(loads)}: {note}" for note, loads in said.items())


def _notes(run: RunResult, *, tokens: bool) -> Iterator[str]:
    if run.client_cpu > _BUSY and run.successes:
        yield f"this client used {run.client_cpu:.0%} of a core and may be the limit"
    if run.send_lag is not None and run.send_lag.p99 > _LATE_S:
        yield (
            f"requests left up to {run.send_lag.maximum:.2f} s late (the client was"
            " behind, or --max-in-flight reached); latency counts from when they were due"
        )
    if tokens and run.successes and run.completion_tokens is None:
        yield "the server sent no usage: no token figures"
    if run.warmup_failures:
        yield f"{run.warmup_failures} of {run.warmup_requests} warm-up requests failed"
    if run.unfinished and run.ended == "interrupted":
        yield f"{run.unfinished} requests were cut off and are not counted"
