from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlcbuild.bench.analyse import analyse, gone_since, timeline
from mlcbuild.bench.load import due_times
from mlcbuild.bench.records import Load, Sample, Target
from mlcbuild.bench.verdict import headline, is_ok, notes

CLOSED = Load(concurrency=1)
TARGET = Target(url="http://h/", method="GET", api="plain")


def sample(
    start: float, end: float, failure: str | None = None, *, due: float | None = None
) -> Sample:
    return Sample(
        intended_s=start if due is None else due, started_s=start, ended_s=end, failure=failure
    )


def test_figures_computed_by_hand() -> None:
    streamed = Sample(
        intended_s=0.0,
        started_s=1.0,
        first_s=1.5,
        gaps_s=(0.1, 0.3),
        ended_s=2.0,
        received=100,
        prompt_tokens=7,
        completion_tokens=5,
    )
    run = analyse(CLOSED, [streamed, sample(0, 3, "http-500")], elapsed_s=4.0, cpu_s=1.0)
    assert (run.requests, run.successes, run.failed, run.failure_share) == (2, 1, 1, 0.5)
    assert run.throughput_rps == 0.25
    assert run.bytes_per_s == 25.0
    assert run.completion_tokens_per_s == 1.25
    assert run.prompt_tokens_per_s == 1.75
    assert run.client_cpu == 0.25
    assert run.latency is not None
    assert run.latency.maximum == 1.0
    assert run.ttft is not None
    assert run.ttft.p50 == 0.5
    assert run.inter_token is not None
    assert run.inter_token.p50 == pytest.approx(0.4 / 4)
    assert run.chunk_gap is not None
    assert run.chunk_gap.count == 2


def test_failures_give_no_figure_of_speed() -> None:
    run = analyse(CLOSED, [sample(0, 0.001, "http-404")] * 58, elapsed_s=1.0)
    assert run.throughput_rps is None
    assert run.latency is None
    assert run.bytes_per_s is None
    assert run.failures[0].count == 58
    line = headline(TARGET, [run], 0.0)
    assert line.startswith("FAILED: 58 of 58 requests")
    assert "nothing was measured" in line
    assert not is_ok([run], 1.0)


def test_an_open_loop_counts_from_when_a_request_was_due() -> None:
    # Three requests due at 0, 1, 2; the server hangs until 3, so the later two leave late.
    late = [sample(0, 3, due=0), sample(3, 3.1, due=1), sample(3.1, 3.2, due=2)]
    run = analyse(Load(rate=1.0), late, elapsed_s=3.2)
    assert run.latency is not None
    assert run.service is not None
    assert run.latency.p50 == pytest.approx(2.1)
    assert run.service.p50 == pytest.approx(0.1)
    assert run.send_lag is not None
    assert run.send_lag.maximum == 2.0
    assert "late" in notes([run], tokens=False)[0]
    assert len(notes([run, run], tokens=False)) == 1  # told once, with both loads


def test_a_share_of_failures_is_tolerated_up_to_the_limit() -> None:
    samples = [sample(0, 1)] * 99 + [sample(0, 1, "timeout")]
    run = analyse(CLOSED, samples, elapsed_s=1.0)
    assert is_ok([run], 0.01)
    assert not is_ok([run], 0.0099)
    assert "1 failed" in headline(TARGET, [run], 0.01)


def test_no_run_and_no_request_are_not_good() -> None:
    empty = analyse(CLOSED, [], elapsed_s=0.0)
    assert not is_ok([], 0.0)
    assert not is_ok([empty], 1.0)
    assert "nothing was measured" in headline(TARGET, [empty], 0.0)


def test_a_server_is_gone_when_after_successes_all_connections_are_refused() -> None:
    good, refused = sample(0, 1), sample(1, 3, "connect")
    assert gone_since([good, sample(1, 2, "disconnected"), refused]) == 2
    assert gone_since([good, refused, sample(3, 4)]) is None
    assert gone_since([refused]) is None
    assert gone_since([good, sample(1, 2, "disconnected")]) is None
    assert gone_since([]) is None


def test_the_timeline_has_every_second() -> None:
    seconds = timeline([sample(0, 0.2), sample(0, 2.9, "timeout"), sample(0, 2.0)])
    assert [(s.at_s, s.successes, s.failures) for s in seconds] == [(0, 1, 0), (1, 0, 0), (2, 1, 1)]


@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0, 10), st.sampled_from([None, "http-500"])))
)
def test_every_request_is_counted_once(rows: list[tuple[float, float, str | None]]) -> None:
    samples = [sample(start, start + took, failure) for start, took, failure in rows]
    run = analyse(CLOSED, samples, elapsed_s=110.0)
    assert run.successes + run.failed == run.requests == len(rows)
    assert sum(group.count for group in run.failures) == run.failed
    assert sum(s.successes for s in run.timeline) == run.successes
    assert sum(s.failures for s in run.timeline) == run.failed


def test_even_arrivals_do_not_drift() -> None:
    due = list(due_times(Load(rate=3.0, requests=3001)))
    assert due[0] == 0.0
    assert due[3000] == 1000.0


def test_poisson_arrivals_keep_the_rate_and_repeat_with_the_seed() -> None:
    load = Load(rate=50.0, duration_s=200.0, poisson=True, seed=4)
    due = list(due_times(load))
    assert due == list(due_times(load))
    assert due != list(due_times(dataclasses.replace(load, seed=5)))
    assert len(due) == pytest.approx(10_000, rel=0.05)
    assert all(0 <= at < 200 for at in due)
