"""The line of a run on a terminal."""

from __future__ import annotations

from mlcbuild.bench.load import Recorder
from mlcbuild.bench.records import Load, Sample
from mlcbuild.bench.session import said


def recorded(good: int, failed: int) -> Recorder:
    recorder = Recorder(in_flight_at_most=8)
    for failure in (*[None] * good, *["status"] * failed):
        recorder.add(Sample(intended_s=0, started_s=0, ended_s=1, failure=failure))
    return recorder


def test_a_run_of_so_many_requests_is_measured_by_them() -> None:
    load = Load(concurrency=8, requests=100)
    assert said(load, recorded(49, 1), 10.0) == "8 users: 49 ok, 1 failed, 0:10 left"


def test_a_timed_run_is_measured_by_the_clock() -> None:
    load = Load(rate=5, duration_s=60, requests=1000)
    assert said(load, recorded(20, 0), 20.0) == "5/s: 20 ok, 0 failed, 0:40 left"
