"""A load test as text: the headline, a table of runs, each kind of failure with an example."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlcbuild.bench.verdict import kind_words

if TYPE_CHECKING:
    from mlcbuild.bench.records import Result, RunResult, Spread


def render(result: Result) -> str:
    """Return the result as text, with a final newline."""
    lines = [result.headline, *(f"note: {note}" for note in result.notes)]
    target = result.target
    if target.model is not None:
        streamed = "streamed" if target.stream else "not streamed"
        lines.append(f"model {target.model}, {streamed}")
    if any(run.successes for run in result.runs):
        lines += ["", *_aligned(_rows(result.runs))]
        if any(run.load.rate is not None for run in result.runs):
            lines.append("latency and TTFT count from when a request was due")
    failures = [(run, failure) for run in result.runs for failure in run.failures]
    if failures:
        lines += ["", "failures:"]
    for run, failure in failures:
        lines.append(
            f"  {failure.count} x {kind_words(failure)} ({run.load.label},"
            f" first after {failure.first_at_s:.2f} s): {failure.example}"
        )
    return "\n".join(lines) + "\n"


def _rows(runs: Sequence[RunResult]) -> list[list[str]]:
    streamed = any(run.ttft is not None for run in runs)
    counted = any(run.completion_tokens is not None for run in runs)
    head = ["load", "ok", "failed", "req/s", "p50", "p90", "p99", "max"]
    head += ["TTFT p50", "p99"] if streamed else []
    head += ["token p50", "p99"] if streamed and counted else []
    head += ["tokens/s"] if counted else []
    rows = [head]
    for run in runs:
        row = [run.load.label, str(run.successes), str(run.failed), _rate(run.throughput_rps)]
        spread = run.latency
        row += (
            [short_time(v) for v in (spread.p50, spread.p90, spread.p99, spread.maximum)]
            if spread is not None
            else ["-"] * 4
        )
        row += _ends(run.ttft) if streamed else []
        row += _ends(run.inter_token) if streamed and counted else []
        row += [_rate(run.completion_tokens_per_s)] if counted else []
        rows.append(row)
    return rows


def _ends(spread: Spread | None) -> list[str]:
    return ["-", "-"] if spread is None else [short_time(spread.p50), short_time(spread.p99)]


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}" if value < 1000 else f"{value:.0f}"  # noqa: PLR2004


def short_time(seconds: float) -> str:
    """Return ``850 us``, ``12.3 ms`` or ``4.56 s``."""
    if seconds < 1e-3:  # noqa: PLR2004
        return f"{seconds * 1e6:.0f} us"
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
