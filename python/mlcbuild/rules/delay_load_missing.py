"""``delay-load-missing``: a delay-loaded DLL or function that cannot be found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.rules.blame import blame
from mlcbuild.rules.finding import Finding, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.loader.outcome import Cause

__all__ = ["RULE"]

#: Drivers have a rule of their own; the redistributable is expected on every machine.
_CAUSES: frozenset[Cause] = frozenset(
    {
        "missing-dll",
        "missing-export",
        "missing-ordinal",
        "no-exports",
        "forwarder-loop",
        "wrong-machine",
        "not-a-pe",
        "debug-runtime",
        "old-redist",
        "toolkit",
        "load-flags",
        "unknown-api-set",
    }
)


def _judge(subject: Subject) -> Iterator[Finding]:
    for fault in blame(subject, _CAUSES, delayed=True):
        problem = fault.problem
        target = problem.chain[-1] if problem.chain else "a delay-loaded DLL"
        yield Finding(
            severity="warning",
            module=fault.module,
            message=f"loads, but the first call into {target} fails: {problem.reason}",
            evidence={"dll": target, "symbol": problem.symbol, **fault.evidence},
            fix=f"ship {target}, or say which optional feature needs it",
        )


RULE = Rule(
    severity="warning",
    title="A delay-loaded DLL, or a function of it, is missing",
    why=(
        "A delay-loaded DLL is searched for at the first call into it. The module loads without "
        "it; the call raises 0xC06D007E (DLL) or 0xC06D007F (function), which ends the process "
        "unless the code expects it."
    ),
    source="Microsoft, Linker support for delay-loaded DLLs",
    fix="Ship the DLL, or document the optional feature that needs it.",
    judge=_judge,
)
