"""Data types of a load test: the load, one request's sample, a run's figures.

All times are seconds. A sample's times count from the start of its run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

#: The percentiles of a spread's curve, dense where the tail is.
CURVE: Final = (0, 10, 25, 50, 75, 90, 95, 99, 99.9, 100)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """How values are distributed; all in the values' own unit."""

    count: int
    mean: float
    minimum: float
    p50: float
    p90: float
    p99: float
    maximum: float
    #: (percentile, value), at ``CURVE``.
    curve: tuple[tuple[float, float], ...]


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return a percentile of sorted values; ``share`` is 0 to 100.

    Between two values it interpolates linearly (Hyndman and Fan's type 7, numpy's default).
    Raises ``ValueError`` for no values or a share out of range.
    """
    if not ordered:
        raise ValueError("no values")
    if not 0 <= share <= 100:  # noqa: PLR2004 - a percentage
        raise ValueError(f"not a percentage: {share}")
    position = (len(ordered) - 1) * share / 100
    low = math.floor(position)
    part = position - low
    if not part:
        return ordered[low]
    # Not a weighted sum of both: of two equal values that can be a little more than either.
    return ordered[low] + (ordered[low + 1] - ordered[low]) * part


def spread(values: Iterable[float]) -> Spread | None:
    """Return how the values are distributed, None where there are none."""
    ordered = sorted(values)
    if not ordered:
        return None
    mean = math.fsum(ordered) / len(ordered)
    return Spread(
        count=len(ordered),
        mean=min(max(mean, ordered[0]), ordered[-1]),
        minimum=ordered[0],
        p50=percentile(ordered, 50),
        p90=percentile(ordered, 90),
        p99=percentile(ordered, 99),
        maximum=ordered[-1],
        curve=tuple((share, percentile(ordered, share)) for share in CURVE),
    )


#: The server's API: OpenAI's two completions, or plain HTTP requests.
Api = Literal["chat", "completions", "plain"]

#: Why a run ended; ``gave-up`` and ``server-died`` are premature.
Ended = Literal["complete", "interrupted", "gave-up", "server-died"]

#: Kinds of failure that mean the server is dead or dropped the connection.
CONNECTION_FAILURES: Final = frozenset({"connect", "disconnected", "truncated"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """One run: ``concurrency`` in a closed loop, or ``rate`` requests per second in an open one.

    It ends after ``requests`` or ``duration_s``, whichever comes first. ``max_in_flight`` bounds an
    open loop; a request that had to wait for a slot is late, which its latency includes.
    """

    concurrency: int | None = None
    rate: float | None = None
    requests: int | None = None
    duration_s: float | None = None
    warmup_requests: int = 0
    max_in_flight: int = 1000
    poisson: bool = False
    seed: int = 0

    @property
    def label(self) -> str:
        """The load in a few words, for tables."""
        if self.rate is not None:
            return f"{self.rate:g}/s"
        return "1 user" if self.concurrency == 1 else f"{self.concurrency} users"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The target of the requests. ``model`` is None for a plain request."""

    url: str
    method: str
    api: Api
    model: str | None = None
    stream: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One request. ``failure`` is its kind, None for a 2xx answer with a well-formed body."""

    intended_s: float
    started_s: float
    ended_s: float
    #: Arrival of the first piece of the answer's text; None where nothing is streamed.
    first_s: float | None = None
    #: Between pieces of a streamed answer.
    gaps_s: tuple[float, ...] = ()
    failure: str | None = None
    status: int | None = None
    #: The error, or the beginning of the body; empty for a success.
    excerpt: str = ""
    received: int = 0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Failures:
    """All failures of one kind and status, with the first as the example."""

    kind: str
    status: int | None
    count: int
    example: str
    first_at_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Second:
    """The requests that ended in one second of a run."""

    at_s: int
    successes: int
    failures: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RunResult:
    """One run's figures. Speed figures cover successes only, and are None without any."""

    load: Load
    ended: Ended
    elapsed_s: float
    requests: int
    successes: int
    #: In flight when the run was cut off; not counted elsewhere.
    unfinished: int
    failures: tuple[Failures, ...]
    warmup_requests: int
    warmup_failures: int
    throughput_rps: float | None
    bytes_per_s: float | None
    #: From the intended start (open loop) or the real one (closed loop) to the end of the answer.
    latency: Spread | None
    #: From the real start, whatever the loop.
    service: Spread | None
    #: To the first piece of text, from the same start as ``latency``.
    ttft: Spread | None
    #: Per token after the first: (end - first piece) / (tokens - 1), one value per request.
    inter_token: Spread | None
    #: Between two received pieces, which may hold several tokens.
    chunk_gap: Spread | None
    completion_tokens: int | None
    completion_tokens_per_s: float | None
    prompt_tokens_per_s: float | None
    #: How late requests were sent: the client or ``max_in_flight`` was behind.
    send_lag: Spread | None
    #: Share of one core that this client used.
    client_cpu: float
    timeline: tuple[Second, ...]

    @property
    def failed(self) -> int:
        """How many requests failed."""
        return self.requests - self.successes

    @property
    def failure_share(self) -> float:
        """The share of failed requests; 0 without requests."""
        return self.failed / self.requests if self.requests else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """A whole load test, ready to be shown. ``ok`` decides the exit code."""

    target: Target
    started: str
    runs: tuple[RunResult, ...]
    max_failures: float
    timeout_s: float
    ok: bool
    headline: str
    notes: tuple[str, ...] = ()

    @property
    def interrupted(self) -> bool:
        """Whether the user interrupted it: the figures are partial."""
        return any(run.ended == "interrupted" for run in self.runs)
