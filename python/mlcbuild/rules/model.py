"""A finding: one rule broken by one module, with the evidence and one fix."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Finding", "Severity"]

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One broken rule. ``module`` is a member's path, or None for the whole package."""

    rule: str
    severity: Severity
    message: str
    module: str | None = None
    evidence: dict[str, object] = field(default_factory=dict)
    fix: str = ""
