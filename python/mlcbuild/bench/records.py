"""What a load test is asked to do, what one request was seen to do, and what a run came to.

All times are seconds. A sample's times count from the start of its run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from mlcbuild.bench.stats import Spread

__all__ = [
    "CONNECTION_FAILURES",
    "Api",
    "Ended",
    "Failures",
    "Load",
    "Result",
    "RunResult",
    "Sample",
    "Second",
    "Target",
]

#: How the server is spoken to: OpenAI's two completions, or a plain HTTP request.
Api = Literal["chat", "completions", "plain"]

#: Why a run ended; ``gave-up`` and ``server-died`` are before its time.
Ended = Literal["complete", "interrupted", "gave-up", "server-died"]

#: Kinds of failure that say that there is no server any more, or that it dropped the connection.
CONNECTION_FAILURES: Final = frozenset({"connect", "disconnected", "truncated"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """One run: ``concurrency`` in a closed loop, or ``rate`` requests a second in an open one.

    It ends after ``requests`` or ``duration_s``, whichever comes first. ``max_in_flight`` bounds an
    open loop; a request that had to wait for a place is late, and its latency says so.
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
        """The load in a few words, as tables show it."""
        return f"{self.rate:g}/s" if self.rate is not None else f"{self.concurrency} at once"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What is asked. ``model`` is None for a plain request."""

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
    #: When the first piece of the answer's text came; None where nothing is streamed.
    first_s: float | None = None
    #: Between pieces of a streamed answer.
    gaps_s: tuple[float, ...] = ()
    failure: str | None = None
    status: int | None = None
    #: What was wrong, or the beginning of the body; empty for a success.
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
    """What ended in one second of a run."""

    at_s: int
    successes: int
    failures: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RunResult:
    """One run's figures. Those of speed are of successes only, and None where there are none."""

    load: Load
    ended: Ended
    elapsed_s: float
    requests: int
    successes: int
    #: Still under way when the run was cut off; counted nowhere else.
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
    #: To the first piece of text, from where ``latency`` counts.
    ttft: Spread | None
    #: A token, after the first: (end - first piece) / (tokens - 1), one value a request.
    inter_token: Spread | None
    #: Between two pieces as they came, which may hold several tokens.
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
        """Failed requests, as a share of all; 0 where there was none."""
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
        """Tell whether somebody cut it off: the figures are of a part."""
        return any(run.ended == "interrupted" for run in self.runs)
