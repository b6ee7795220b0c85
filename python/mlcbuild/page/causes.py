"""Findings by their cause: what is wrong, how many files it affects, and what fixes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.report.groups import count, without_dll

if TYPE_CHECKING:
    from mlcbuild.rules.finding import Finding

_SEVERITIES: Final = ("error", "warning", "note")


@dataclass(frozen=True, kw_only=True, slots=True)
class Culprit:
    """A DLL and the files that it affects; no name if the cause is not a DLL."""

    name: str
    files: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """Findings of one rule that one fix mends."""

    rule: str
    severity: str
    message: str
    fix: str
    culprits: tuple[Culprit, ...]
    files: tuple[str, ...]


def causes_of(findings: Iterable[Finding]) -> list[Cause]:
    """Return the causes: errors first, then what stops most files."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        key = (finding.rule, finding.severity, finding.message, finding.fix)
        groups.setdefault(without_dll(_dll(finding), key), []).append(finding)
    causes = [_cause(group) for group in groups.values()]
    return sorted(causes, key=lambda each: (_SEVERITIES.index(each.severity), -len(each.files)))


def _dll(finding: Finding) -> str:
    return str(finding.evidence.get("dll", ""))


def _cause(group: list[Finding]) -> Cause:
    first = group[0]
    stopped: dict[str, dict[str, None]] = {}
    for finding in group:
        also: Any = finding.evidence.get("fails_too", ())
        files = (str(path) for path in (finding.module, *also) if path)
        stopped.setdefault(_dll(finding), {}).update(dict.fromkeys(files))
    culprits = [Culprit(name=name, files=tuple(files)) for name, files in stopped.items()]
    message, fix = first.message, first.fix
    if len(culprits) > 1 and message.startswith(f"{_dll(first)} is "):
        rest = message.removeprefix(f"{_dll(first)} is ")
        message = f"{count(len(culprits), 'DLL')} are {rest}"
        fix = fix.replace(_dll(first), "them")
    return Cause(
        rule=first.rule,
        severity=first.severity,
        message=message,
        fix=fix,
        culprits=tuple(sorted(culprits, key=lambda each: -len(each.files))),
        files=tuple(dict.fromkeys(path for each in culprits for path in each.files)),
    )
