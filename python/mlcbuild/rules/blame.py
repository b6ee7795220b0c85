"""Find the cause of failing loads: one finding per cause, not per affected image."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlcbuild.rules.names import base_name

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Cause, Problem
    from mlcbuild.rules.finding import Subject


@dataclass(frozen=True, kw_only=True, slots=True)
class Blame:
    """One fault: the module nearest to it, the loader's error, and the other affected images."""

    module: str
    problem: Problem
    fails_too: tuple[str, ...]

    @property
    def evidence(self) -> dict[str, object]:
        """Return the finding's evidence: chain, code and the other affected images."""
        return {
            "chain": list(self.problem.chain),
            "winerror": self.problem.winerror,
            "fails_too": list(self.fails_too),
        }


def blame(
    subject: Subject, causes: Collection[Cause], *, delayed: bool = False
) -> tuple[Blame, ...]:
    """Return each fault of these causes once.

    The same missing DLL reaches many modules through one importer: the fault belongs to the pair
    (importer, DLL), and to the module whose chain to it is shortest.
    """
    groups: dict[tuple[object, ...], list[tuple[str, Problem]]] = {}
    for path, load in subject.loads.items():
        for problem in load.problems:
            if problem.cause in causes and problem.delayed == delayed:
                pair = tuple(base_name(link) for link in problem.chain[-2:])
                key = (problem.cause, pair, problem.symbol)
                groups.setdefault(key, []).append((path, problem))
    found = []
    for group in groups.values():
        nearest = min(group, key=lambda item: len(item[1].chain))
        others = tuple(dict.fromkeys(path for path, _ in group if path != nearest[0]))
        found.append(Blame(module=nearest[0], problem=nearest[1], fails_too=others))
    return tuple(found)


def is_optional(subject: Subject, fault: Blame) -> bool:
    """Return whether only optional images are affected."""
    return {fault.module, *fault.fails_too} <= subject.optional
