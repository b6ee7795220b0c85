"""One examination: choose the checks, run them, describe the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.doctor.check import Examination
from mlcbuild.doctor.checks import choose, load_check
from mlcbuild.doctor.order import in_order
from mlcbuild.doctor.purpose import builds
from mlcbuild.doctor.runner import run_checks
from mlcbuild.doctor.versions import dotted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mlcbuild.doctor.check import Check
    from mlcbuild.doctor.system import System

__all__ = ["examine"]


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
