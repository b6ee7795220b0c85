"""Rules: facts and predicted loads in, findings out; by subject, imported on use."""

from __future__ import annotations

import importlib
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.rules.finding import Finding, Rule, Subject

#: Rules that any target can break, in the order in which they are reported -> the module of each.
_ANY_TARGET: Final = {
    "not-a-pe": "machines",
    "wrong-machine": "machines",
    "missing-dll": "missing",
    "missing-export": "missing",
    "debug-crt": "c_runtimes",
    "mutex-abi": "c_runtimes",
    "ambiguous-dll": "copies",
    "driver-dll-bundled": "drivers",
    "driver-dll-needed": "drivers",
    "delay-load-missing": "missing",
    "redist-needed": "redist",
    "redist-too-old": "redist",
    "runtime-bundled-unmangled": "redist",
    "static-crt-mix": "c_runtimes",
    "openmp-duplicate": "copies",
    "stamp-mismatch": "stamps",
    "free-sdk": "stamps",
    "path-too-long": "paths",
    "member-name": "paths",
}
#: Rules about a wheel's name and metadata: not even imported for anything else.
_WHEEL_ONLY: Final = {
    "wheel-tag-mismatch": "wheels",
    "record-mismatch": "wheels",
    "user-install": "wheels",
}

#: Every rule. The rule ``a-b`` is the function ``a_b`` of its module.
_MODULES: Final = {**_ANY_TARGET, **_WHEEL_ONLY}
RULE_IDS: Final[tuple[str, ...]] = tuple(_MODULES)

#: Findings of one rule that a report holds; a RECORD of a million lies would fill the memory.
LIMIT: Final = 10_000
_RANK: Final = {"error": 0, "warning": 1, "note": 2}


def load_rule(rule_id: str) -> Rule:
    """Return one rule. Raises ``KeyError`` when no rule has this id."""
    module = importlib.import_module(f"mlcbuild.rules.{_MODULES[rule_id]}")
    rule: Rule = getattr(module, rule_id.replace("-", "_"))
    return replace(rule, id=rule_id)


def all_rules() -> tuple[Rule, ...]:
    """Return every rule, in report order."""
    return tuple(load_rule(rule_id) for rule_id in RULE_IDS)


def judge(subject: Subject, *, ignore: Collection[str] = ()) -> tuple[Finding, ...]:
    """Apply every rule; worst findings first, otherwise in rule order, without duplicates.

    ``ignore`` holds rule ids, or ``ID:PATTERN`` for the modules whose path matches the pattern
    (``*`` matches anything, including ``/``).
    """
    chosen = RULE_IDS if subject.wheel is not None else _ANY_TARGET
    findings: list[Finding] = []
    for rule_id in chosen:
        if rule_id not in ignore:
            findings += _findings_of(load_rule(rule_id), subject, ignore)
    return tuple(sorted(findings, key=lambda finding: _RANK[finding.severity]))


def _findings_of(rule: Rule, subject: Subject, ignore: Collection[str]) -> list[Finding]:
    """Return one rule's findings, at most ``LIMIT``, then the number of others."""
    from mlcbuild.rules.finding import Finding  # noqa: PLC0415 - --list-rules needs no model

    patterns = [entry.partition(":")[2] for entry in ignore if entry.startswith(f"{rule.id}:")]
    said: set[tuple[str | None, str]] = set()
    found: list[Finding] = []
    more: list[Finding] = []
    left = 0
    for finding in rule.judge(subject):
        key = (finding.module, finding.message)
        if key in said or _matches(finding.module, patterns):
            continue
        if len(found) < LIMIT:
            said.add(key)
            found.append(replace(finding, rule=rule.id))
        else:
            left += 1
            more = [min((*more, finding), key=lambda each: _RANK[each.severity])]
    if more:
        worst = more[0]
        message = f"{left} more findings of this rule: a report holds {LIMIT} of each"
        found.append(Finding(rule=rule.id, severity=worst.severity, message=message, fix=worst.fix))
    return found


def _matches(module: str | None, patterns: Collection[str]) -> bool:
    if module is None or not patterns:
        return False
    from fnmatch import fnmatchcase  # noqa: PLC0415 - few checks have patterns

    return any(fnmatchcase(module, pattern) for pattern in patterns)
