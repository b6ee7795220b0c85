"""The JSON of a load test, as ``schemas/bench-1.json`` describes it. Times are seconds."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.jsontext import headed, written

if TYPE_CHECKING:
    from mlcbuild.bench.records import Load, Result, RunResult, Spread

_DIGITS: Final = 6


def render(result: Result) -> str:
    """Return the result as JSON."""
    return written(table(result))


def table(result: Result) -> dict[str, Any]:
    """Return the result as plain dictionaries and lists."""
    facts = {
        "ok": result.ok,
        "headline": result.headline,
        "interrupted": result.interrupted,
        "notes": list(result.notes),
        "started": result.started,
        "target": asdict(result.target),
        "max_failures": result.max_failures,
        "timeout_s": result.timeout_s,
        "runs": [_run(run) for run in result.runs],
    }
    return headed(facts)


def _run(run: RunResult) -> dict[str, Any]:
    return {
        "load": _load(run.load),
        "ended": run.ended,
        "elapsed_s": _round(run.elapsed_s),
        "requests": run.requests,
        "successes": run.successes,
        "failed": run.failed,
        "unfinished": run.unfinished,
        "failures": [
            asdict(failure) | {"first_at_s": _round(failure.first_at_s)} for failure in run.failures
        ],
        "warmup": {"requests": run.warmup_requests, "failures": run.warmup_failures},
        "throughput_rps": _round(run.throughput_rps),
        "bytes_per_s": _round(run.bytes_per_s),
        "latency_s": _spread(run.latency),
        "service_s": _spread(run.service),
        "ttft_s": _spread(run.ttft),
        "inter_token_s": _spread(run.inter_token),
        "chunk_gap_s": _spread(run.chunk_gap),
        "completion_tokens": run.completion_tokens,
        "completion_tokens_per_s": _round(run.completion_tokens_per_s),
        "prompt_tokens_per_s": _round(run.prompt_tokens_per_s),
        "send_lag_s": _spread(run.send_lag),
        "client_cpu": _round(run.client_cpu),
        "timeline": [asdict(second) for second in run.timeline],
    }


def _load(load: Load) -> dict[str, Any]:
    is_open = load.rate is not None
    return {
        "mode": "open" if is_open else "closed",
        "concurrency": load.concurrency,
        "rate": load.rate,
        "arrivals": ("poisson" if load.poisson else "even") if is_open else None,
        "max_in_flight": load.max_in_flight if is_open else None,
        "requests": load.requests,
        "duration_s": load.duration_s,
    }


def _spread(spread: Spread | None) -> dict[str, Any] | None:
    if spread is None:
        return None
    return {
        "count": spread.count,
        "mean": _round(spread.mean),
        "min": _round(spread.minimum),
        "p50": _round(spread.p50),
        "p90": _round(spread.p90),
        "p99": _round(spread.p99),
        "max": _round(spread.maximum),
        "curve": [[share, _round(value)] for share, value in spread.curve],
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
