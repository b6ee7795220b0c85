"""Turn samples into a run's figures, without rounding. Only successes count as speed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from mlcbuild.bench.records import (
    CONNECTION_FAILURES,
    Ended,
    Failures,
    Load,
    RunResult,
    Sample,
    Second,
    spread,
)


def analyse(
    load: Load,
    samples: Sequence[Sample],
    *,
    warmup: Sequence[Sample] = (),
    ended: Ended = "complete",
    elapsed_s: float,
    unfinished: int = 0,
    cpu_s: float = 0.0,
) -> RunResult:
    """Return the figures of one run that took ``elapsed_s`` seconds, ``cpu_s`` of them our own.

    In an open loop every time counts from when the request was due: if a server stalls, all waiting
    requests count as slow, not only the one in progress (Gil Tene's "coordinated omission").
    """
    good = [sample for sample in samples if sample.failure is None]
    is_open = load.rate is not None
    begin = {id(sample): sample.intended_s if is_open else sample.started_s for sample in good}
    counted = [s.completion_tokens for s in good if s.completion_tokens is not None]
    prompts = [s.prompt_tokens for s in good if s.prompt_tokens is not None]
    tokens = sum(counted) if counted else None
    return RunResult(
        load=load,
        ended=ended,
        elapsed_s=elapsed_s,
        requests=len(samples),
        successes=len(good),
        unfinished=unfinished,
        failures=failure_groups(samples),
        warmup_requests=len(warmup),
        warmup_failures=sum(sample.failure is not None for sample in warmup),
        throughput_rps=_rate(len(good) or None, elapsed_s),
        bytes_per_s=_rate(sum(s.received for s in good) if good else None, elapsed_s),
        latency=spread(sample.ended_s - begin[id(sample)] for sample in good),
        service=spread(sample.ended_s - sample.started_s for sample in good),
        ttft=spread(s.first_s - begin[id(s)] for s in good if s.first_s is not None),
        inter_token=spread(each for sample in good for each in _inter_token(sample)),
        chunk_gap=spread(gap for sample in good for gap in sample.gaps_s),
        completion_tokens=tokens,
        completion_tokens_per_s=_rate(tokens, elapsed_s),
        prompt_tokens_per_s=_rate(sum(prompts) if prompts else None, elapsed_s),
        send_lag=spread(s.started_s - s.intended_s for s in samples) if is_open else None,
        client_cpu=cpu_s / elapsed_s if elapsed_s > 0 else 0.0,
        timeline=timeline(samples),
    )


def _rate(amount: int | None, elapsed_s: float) -> float | None:
    return amount / elapsed_s if amount is not None and elapsed_s > 0 else None


def _inter_token(sample: Sample) -> Iterable[float]:
    """Yield the mean time per token after the first; nothing where all came in one piece."""
    tokens = sample.completion_tokens
    if sample.gaps_s and tokens is not None and tokens > 1:
        yield math.fsum(sample.gaps_s) / (tokens - 1)


def failure_groups(samples: Iterable[Sample]) -> tuple[Failures, ...]:
    """Group failures by kind and status, the most frequent first."""
    groups: dict[tuple[str, int | None], list[Sample]] = {}
    for sample in samples:
        if sample.failure is not None:
            groups.setdefault((sample.failure, sample.status), []).append(sample)
    found = []
    for (kind, status), members in groups.items():
        first = min(members, key=lambda sample: sample.ended_s)
        found.append(
            Failures(
                kind=kind,
                status=status,
                count=len(members),
                example=first.excerpt,
                first_at_s=first.ended_s,
            )
        )
    return tuple(sorted(found, key=lambda group: (-group.count, group.kind)))


def timeline(samples: Iterable[Sample]) -> tuple[Second, ...]:
    """Return the requests ended in each second, from first to last, including empty seconds."""
    good: Counter[int] = Counter()
    bad: Counter[int] = Counter()
    for sample in samples:
        (bad if sample.failure else good)[max(math.floor(sample.ended_s), 0)] += 1
    last = max([*good, *bad], default=-1)
    return tuple(Second(at_s=s, successes=good[s], failures=bad[s]) for s in range(last + 1))


def gone_since(samples: Iterable[Sample]) -> float | None:
    """Return when the server died: successes, then only failures to connect.

    None where it did not die, or never answered. At least one connection must have been refused: a
    server that only drops a connection at the end is not dead.
    """
    ordered = sorted(samples, key=lambda sample: sample.ended_s)
    tail: list[Sample] = []
    while ordered and ordered[-1].failure in CONNECTION_FAILURES:
        tail.append(ordered.pop())
    worked = any(sample.failure is None for sample in ordered)
    if not worked or not any(sample.failure == "connect" for sample in tail):
        return None
    return tail[-1].ended_s
