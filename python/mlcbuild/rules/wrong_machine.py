"""``wrong-machine``: an image, or a DLL that it gets, is for another processor (WinError 193)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.rules.blame import blame
from mlcbuild.rules.finding import Finding, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.rules.blame import Blame

__all__ = ["RULE"]


def _judge(subject: Subject) -> Iterator[Finding]:
    for fault in blame(subject, {"wrong-machine"}):
        # A helper for another processor is data; wheel-tag-mismatch grades it by its kind.
        if subject.wheel is not None and len(fault.problem.chain) <= 1:
            continue
        yield Finding(
            severity="error" if fault.problem.certain else "warning",
            module=fault.module,
            message=fault.problem.reason,
            evidence=_evidence(subject, fault),
            fix="ship the DLL for the same processor as the Python that loads it",
        )


def _evidence(subject: Subject, fault: Blame) -> dict[str, object]:
    image = subject.images.get(fault.module)
    return {
        "machine": None if image is None else image.machine,
        "process": subject.machine,
        **fault.evidence,
    }


RULE = Rule(
    severity="error; warning if another copy may win",
    title="An image is for another processor than the process that loads it",
    why=(
        "A 64-bit process cannot map a 32-bit image or one for ARM64, and vice versa. "
        "LoadLibrary fails with WinError 193 for the module or for any DLL that it gets."
    ),
    source="Microsoft, ERROR_BAD_EXE_FORMAT; mlc-ai/mlc-llm#1133; llama-cpp-python#53",
    fix="Ship every DLL for the processor of the Python that loads it.",
    judge=_judge,
)
