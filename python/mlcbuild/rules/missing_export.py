"""``missing-export``: the DLL found does not export an imported symbol (WinError 127, 182)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.rules.blame import blame, is_optional
from mlcbuild.rules.finding import Finding, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RULE"]


def _judge(subject: Subject) -> Iterator[Finding]:
    for fault in blame(
        subject, {"missing-export", "missing-ordinal", "no-exports", "forwarder-loop"}
    ):
        problem = fault.problem
        yield Finding(
            severity="error" if problem.certain and not is_optional(subject, fault) else "warning",
            module=fault.module,
            message=problem.reason,
            evidence={"symbol": problem.symbol, **fault.evidence},
            fix="build both against the same version, or ship the version that was linked against",
        )


RULE = Rule(
    severity="error; warning for an optional image, or if another copy may win",
    title="The DLL that is found does not export what is imported",
    why=(
        "The loader binds every import by name or ordinal to the one DLL that wins the "
        "search. If that DLL is another version or another product of the same name, the load"
        " fails with WinError 127 (name) or 182 (ordinal). Forwarded exports are followed."
    ),
    source="Microsoft, System error codes 127 and 182; pytorch/pytorch#72293",
    fix="Build both sides against the same version, and check --with the wheel that provides it.",
    judge=_judge,
)
