"""Put together what is known of an input: a rule, symptoms, codes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from mlcbuild import __version__
from mlcbuild.explain.model import Explanation
from mlcbuild.explain.numbers import explain_numbers
from mlcbuild.explain.subject import filled, subject_of

if TYPE_CHECKING:
    from mlcbuild.rules.model import Rule

__all__ = ["SCHEMA_VERSION", "Answer", "explain"]

SCHEMA_VERSION: Final = 1
_BARE_NUMBER: Final = re.compile(r"\s*(?:0x[0-9a-f]+|[-+]?\d+)\s*", re.IGNORECASE)
_ID: Final = re.compile(r"\s*[a-z][a-z0-9]*(?:-[a-z0-9]+)*\s*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Everything known of one input, the most telling first; empty where nothing is known."""

    subject: str
    explanations: tuple[Explanation, ...]

    def table(self) -> dict[str, Any]:
        """Return the JSON form, as ``schemas/explain-1.json`` describes it."""
        return {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "mlcbuild", "version": __version__},
            "subject": self.subject or None,
            "explanations": [
                {
                    "kind": each.kind,
                    "id": each.id,
                    "title": each.title,
                    "also_written": list(each.also_written),
                    "meaning": each.meaning,
                    "causes": list(each.causes),
                    "run": each.run,
                    "sources": list(each.sources),
                }
                for each in self.explanations
            ],
        }


def explain(text: str) -> Answer:
    """Explain the id of a rule or a check, a number, a code's name, or pasted lines."""
    subject = subject_of(text)
    found: list[Explanation] = []
    if _ID.fullmatch(text):
        name = text.strip().casefold()
        found += _rule(name) or _check(name)
    if not found and not _BARE_NUMBER.fullmatch(text):
        from mlcbuild.explain.catalogue import find_symptoms  # noqa: PLC0415 - reads TOML

        found += find_symptoms(text)
    telling = [each for each in found if not each.generic]
    generic = [each for each in found if each.generic]
    ordered = (*telling, *explain_numbers(text), *generic)
    return Answer(
        subject=subject,
        explanations=tuple(replace(each, run=filled(each.run, subject)) for each in ordered),
    )


def _rule(name: str) -> list[Explanation]:
    from mlcbuild.rules import RULE_IDS, load_rule  # noqa: PLC0415 - only where one is named

    if name not in RULE_IDS:
        return []
    rule: Rule = load_rule(name)
    return [
        Explanation(
            kind="rule",
            id=rule.id,
            title=f"{rule.title} ({rule.severity})",
            meaning=rule.why,
            causes=(rule.fix,),
            run="mlcbuild check {path}",
            sources=(rule.source,),
        )
    ]


def _check(name: str) -> list[Explanation]:
    from mlcbuild.doctor.checks import CHECKS, load_check  # noqa: PLC0415 - see _rule

    if not any(name in ids for ids in CHECKS.values()):
        return []
    check = load_check(name)
    return [
        Explanation(
            kind="check",
            id=check.id,
            title=check.title,
            meaning=check.why,
            run=f"mlcbuild doctor --only {check.id}",
            sources=(check.source,),
        )
    ]
