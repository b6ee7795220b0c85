"""A check, its outcome, and the result that is reported (the contract of ``--json``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from mlcbuild.doctor.system import System
from mlcbuild.errors import Exit

__all__ = [
    "CATEGORIES",
    "Category",
    "Check",
    "Examination",
    "Outcome",
    "Repair",
    "Result",
    "Status",
    "System",
    "check",
    "fail",
    "ok",
    "skip",
    "warn",
    "worst",
]

Status = Literal["ok", "warn", "fail", "skip", "crash"]
Category = Literal["toolchain", "python", "paths", "runtime-dlls", "gpu", "network", "trial"]

#: In the order of the report.
CATEGORIES: Final[tuple[Category, ...]] = (
    "toolchain",
    "python",
    "paths",
    "runtime-dlls",
    "gpu",
    "network",
    "trial",
)
#: From best to worst.
_RANK: Final[dict[Status, int]] = {"skip": 0, "ok": 1, "warn": 2, "crash": 3, "fail": 4}


@dataclass(frozen=True, kw_only=True, slots=True)
class Repair:
    """What ``--fix`` may do: run a command or rename a file. Only safe, reversible actions."""

    #: Description: what is done, and how to undo it.
    says: str
    undo: str
    command: tuple[str, ...] = ()
    #: Old name and new name.
    rename: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """A check's outcome. Create it with ``ok``, ``skip``, ``warn`` or ``fail``."""

    status: Status
    finding: str
    evidence: tuple[str, ...] = ()
    fix: str = ""
    repair: Repair | None = None


def ok(finding: str, *, evidence: Iterable[str] = ()) -> Outcome:
    """Nothing is wrong; ``finding`` says what was found (``CMake 4.2.1``)."""
    return Outcome(status="ok", finding=finding, evidence=tuple(evidence))


def skip(finding: str) -> Outcome:
    """Skip: the check does not apply here; ``finding`` says why."""
    return Outcome(status="skip", finding=finding)


def warn(
    finding: str, *, fix: str, evidence: Iterable[str] = (), repair: Repair | None = None
) -> Outcome:
    """Something may go wrong. ``fix`` is the one thing to type or do."""
    return _problem("warn", finding, fix, evidence, repair)


def fail(
    finding: str, *, fix: str, evidence: Iterable[str] = (), repair: Repair | None = None
) -> Outcome:
    """Something will go wrong. ``fix`` is the one thing to type or do."""
    return _problem("fail", finding, fix, evidence, repair)


def _problem(
    status: Status, finding: str, fix: str, evidence: Iterable[str], repair: Repair | None
) -> Outcome:
    if not finding or not fix:
        raise ValueError("a problem needs a finding and a fix")
    return Outcome(status=status, finding=finding, evidence=tuple(evidence), fix=fix, repair=repair)


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One check: why it exists, the source for that, and its function."""

    title: str
    why: str
    #: The document or public issue the check is based on.
    source: str
    run: Callable[[System], Outcome]
    #: ``sys.platform`` values where it applies; empty for all.
    platforms: tuple[str, ...] = ()
    #: The option it needs, ``network`` or ``trial``; skipped without it.
    needs: Literal["", "network", "trial"] = ""
    #: Whether it waits for a process or the network. Such checks run in parallel; the others, which
    #: read files and the registry, run one at a time.
    waits: bool = False
    #: Modules that ``run`` imports late. They are imported before any check runs: threads that
    #: import a package and its submodule at the same time deadlock.
    imports: tuple[str, ...] = ()
    #: Whether those imports are needed on this machine, asked before importing; None: always.
    worth: Callable[[System], bool] | None = None
    #: Seconds after which the check is abandoned.
    limit_s: float = 30.0
    #: Its place in ``checks.CHECKS``, which ``load_check`` fills in.
    id: str = ""
    category: Category = "toolchain"


def check(**about: Any) -> Callable[[Callable[[System], Outcome]], Check]:  # noqa: ANN401 - any field
    """Return the decorator that makes a function a check; ``about`` are its other fields."""
    return lambda run: Check(run=run, **about)


@dataclass(frozen=True, kw_only=True, slots=True)
class Result(Outcome):
    """One check's result, as reported. ``repair`` and ``applies`` are not in the JSON."""

    id: str
    title: str
    category: Category
    #: How long the check took.
    seconds: float = 0.0
    #: Whether the check applies to this platform.
    applies: bool = True

    @property
    def problem(self) -> bool:
        """Whether the result is a problem to report."""
        return self.status in ("warn", "fail", "crash")


@dataclass(frozen=True, kw_only=True, slots=True)
class Examination:
    """All results of one run: problems in the order in which to fix them, then the others."""

    results: tuple[Result, ...]
    #: Description of the examined machine.
    machine: str = ""
    #: What it was examined for: ``build``, or ``run`` where no build is expected.
    purpose: Literal["build", "run"] = "build"

    @property
    def summary(self) -> dict[str, int]:
        """Count the results by status."""
        counts: dict[str, int] = {"ok": 0, "warn": 0, "fail": 0, "skip": 0, "crash": 0}
        for result in self.results:
            counts[result.status] += 1
        return counts

    @property
    def status(self) -> Status:
        """The worst status of all."""
        return worst(result.status for result in self.results)

    def exit_code(self, *, strict: bool = False) -> Exit:
        """Return that of findings for a failure, a crash, or with ``strict`` a warning."""
        bad = ("fail", "crash", "warn") if strict else ("fail", "crash")
        found = any(result.status in bad for result in self.results)
        return Exit.FINDINGS if found else Exit.GOOD


def worst(statuses: Iterable[Status]) -> Status:
    """Return the worst status; ``skip`` where there is none."""
    return max(statuses, key=_RANK.__getitem__, default="skip")
