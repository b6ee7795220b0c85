"""``--fix``: only safe, reversible actions. Never the registry, never a deletion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlcbuild.doctor.check import Repair, Result
    from mlcbuild.doctor.system import System

#: Seconds; pip may have to download.
_LIMIT_S = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Repaired:
    """The repair of one check.

    ``outcome`` is ``done``, ``would be done``, or the reason why not.
    """

    id: str
    did: str
    undo: str
    outcome: str


def repair(results: Iterable[Result], system: System, *, dry_run: bool) -> tuple[Repaired, ...]:
    """Perform every repair that a problem offers; with ``dry_run`` only list them."""
    done = []
    for result in results:
        if result.problem and result.repair is not None:
            outcome = "would be done" if dry_run else _do(result.repair, system)
            done.append(
                Repaired(
                    id=result.id, did=result.repair.says, undo=result.repair.undo, outcome=outcome
                )
            )
    return tuple(done)


def _do(wanted: Repair, system: System) -> str:
    if wanted.rename is not None:
        return system.rename(*wanted.rename) or "done"
    ran = system.run(*wanted.command, limit_s=_LIMIT_S)
    if ran.good:
        return "done"
    said = (ran.err or ran.out).strip().splitlines()
    return ran.problem or (said[-1] if said else f"failed with exit code {ran.code}")
