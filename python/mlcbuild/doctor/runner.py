"""Run checks: those that wait for processes in parallel, those that only read one by one.

A crash is a result; a check that hangs is abandoned.
"""

from __future__ import annotations

import contextlib
import importlib
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.check import Check, Examination, Outcome, Result
from mlcbuild.doctor.checks import choose, load_check
from mlcbuild.doctor.order import in_order
from mlcbuild.doctor.packages import pip
from mlcbuild.doctor.trees import builds
from mlcbuild.versions import dotted

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

#: Threads for checks that wait for processes; they need almost no CPU.
_WAITING_JOBS: Final = 8
#: Threads for checks that read, while none is stuck. Python runs one thread at a time and switches
#: at every opened file: two readers in parallel are slower than one after the other.
_READING_JOBS: Final = 1
#: Seconds after which a reading check counts as stuck on a slow drive, and another thread starts.
_STUCK_S: Final = 0.5
#: Seconds between two looks at the time limits.
_POLL_S: Final = 0.1
#: Seconds after which a check is reported as slow.
SLOW_S: Final = 2.0


class _Run:
    """One check's run in a thread."""

    def __init__(self, check: Check) -> None:
        self.check = check
        self.began: float | None = None
        self.result: Result | None = None
        self.told = False
        #: Whether another thread has replaced this one.
        self.relieved = False


def run_checks(
    checks: Sequence[Check],
    system: System,
    *,
    allowed: Collection[str] = (),
    slow: Callable[[Check, float], None] | None = None,
) -> tuple[Result, ...]:
    """Run every check and return the results in the same order.

    ``allowed`` holds ``network`` and ``trial`` where checks that need them may run. ``slow`` is
    called once for every check that has run for more than two seconds.
    """
    _load_imports(checks, system, allowed)
    runs = [_Run(check) for check in checks]
    changed = threading.Condition()

    def work(queue: deque[_Run]) -> None:
        while True:
            with changed:
                if not queue:
                    return
                run = queue.popleft()
                run.began = time.monotonic()
            result = _examine(run.check, system, allowed)
            with changed:
                if run.result is None:
                    run.result = result
                changed.notify_all()
            if run.relieved:
                return

    def start(queue: deque[_Run]) -> None:
        # Daemon threads: a check that hangs on a dead network drive must not delay the exit.
        threading.Thread(target=work, args=(queue,), daemon=True).start()

    # The slowest checks start first.
    longest = sorted(runs, key=lambda run: -run.check.limit_s)
    queues = {waits: deque(r for r in longest if r.check.waits is waits) for waits in (True, False)}
    for waits, jobs in ((True, _WAITING_JOBS), (False, _READING_JOBS)):
        for _ in range(min(jobs, len(queues[waits]))):
            start(queues[waits])
    with changed:
        while any(run.result is None for run in runs):
            changed.wait(_POLL_S)
            now = time.monotonic()
            for run in runs:
                if run.began is None or run.result is not None:
                    continue
                check, seconds = run.check, now - run.began
                if seconds > check.limit_s:
                    run.result = _result(check, _given_up(check), seconds)
                elif slow is not None and seconds > SLOW_S and not run.told:
                    run.told = True
                    slow(check, seconds)
                stuck = not check.waits and seconds > _STUCK_S
                if (stuck or run.result is not None) and not run.relieved:
                    run.relieved = True
                    start(queues[check.waits])
    return tuple(run.result for run in runs if run.result is not None)


def _load_imports(checks: Sequence[Check], system: System, allowed: Collection[str]) -> None:
    for check in checks:
        if _reason_to_skip(check, system, allowed):
            continue
        # A broken import fails again in the check itself, whose result reports it.
        with contextlib.suppress(Exception):
            if check.worth is not None and not check.worth(system):
                continue
        for name in check.imports:
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def _reason_to_skip(check: Check, system: System, allowed: Collection[str]) -> str:
    if check.platforms and system.platform not in check.platforms:
        return f"does not apply to {system.platform}"
    if check.needs and check.needs not in allowed:
        return f"only with --{check.needs}"
    return ""


def _examine(check: Check, system: System, allowed: Collection[str]) -> Result:
    began = time.monotonic()
    applies = not check.platforms or system.platform in check.platforms
    why_not = _reason_to_skip(check, system, allowed)
    if why_not:
        outcome = Outcome(status="skip", finding=why_not)
    else:
        try:
            outcome = check.run(system)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this check's result
            outcome = _crashed(check, error, system)
    return _result(check, outcome, time.monotonic() - began, applies=applies)


def _result(check: Check, outcome: Outcome, seconds: float, *, applies: bool = True) -> Result:
    return Result(
        id=check.id,
        title=check.title,
        category=check.category,
        seconds=seconds,
        applies=applies,
        **{each.name: getattr(outcome, each.name) for each in fields(outcome)},
    )


def _crashed(check: Check, error: Exception, system: System) -> Outcome:
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in last]
    return Outcome(
        status="crash",
        finding=f"the check itself failed: {type(error).__name__}: {error}",
        evidence=tuple(place),
        fix=pip(system, "install", "--upgrade", "mlcbuild")
        if isinstance(error, ImportError)
        else f"mlcbuild doctor --skip {check.id}, and report this",
    )


def _given_up(check: Check) -> Outcome:
    return Outcome(
        status="crash",
        finding=f"did not finish in {check.limit_s:.0f} s (a dead network drive on PATH?)",
        fix=f"mlcbuild doctor --skip {check.id}",
    )


def examine(
    system: System,
    *,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    network: bool = False,
    trial: bool = False,
    slow: Callable[[Check, float], None] | None = None,
) -> Examination:
    """Run the chosen checks on a machine. Raises ``UsageError`` for an unknown check."""
    allowed = {"network"} if network else set()
    if trial:
        allowed.add("trial")
    checks = [load_check(check_id) for check_id in choose(only=only, skip=skip)]
    return Examination(
        results=in_order(run_checks(checks, system, allowed=allowed, slow=slow)),
        machine=describe(system),
        purpose="build" if builds(system) else "run",
    )


def describe(system: System) -> str:
    """Describe the machine, without names of users or hosts."""
    python = system.python
    free = ", free-threaded" if python.free_threaded else ""
    return (
        f"{system.platform} {system.machine}, {python.implementation} {dotted(python.version)} "
        f"{python.bits}-bit{free}"
    )
