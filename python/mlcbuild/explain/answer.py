"""Put together what is known of an input: a rule, symptoms, codes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.explain.explanation import Explanation, Place
from mlcbuild.explain.loglines import Line, subject_of
from mlcbuild.explain.numbers import explain_numbers

if TYPE_CHECKING:
    from mlcbuild.rules.finding import Rule

_BARE_NUMBER: Final = re.compile(r"\s*(?:0x[0-9a-f]+|[-+]?\d+)\s*", re.IGNORECASE)
_ID: Final = re.compile(r"\s*[a-z][a-z0-9]*(?:-[a-z0-9]+)*\s*", re.IGNORECASE)
#: Characters of what may be one number or name.
_SHORT_NAME: Final = 100
#: Up to here every line is searched for numbers; of more those that hold one of the words.
_SHORT: Final = 200
#: Characters of a text of which every line is kept.
_SHORT_TEXT: Final = 100_000
_WITH_NUMBERS: Final = ("error", "exit", "status", "hresult", "0xc0", "3221", "-10737", "failed")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Everything known about one input, the most relevant first; empty if nothing is known."""

    subject: str
    explanations: tuple[Explanation, ...]
    #: The first line that a tool marked as an error; None where no line is.
    first_error: Place | None = None

    def table(self) -> dict[str, Any]:
        """Return the JSON form, as ``schemas/explain-1.json`` describes it."""
        from mlcbuild.jsontext import headed  # noqa: PLC0415 - only --json needs it

        facts = {
            "subject": self.subject or None,
            "first_error": _place(self.first_error),
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
                    "line": _place(each.line),
                }
                for each in self.explanations
            ],
        }
        return headed(facts)


def explain(text: str) -> Answer:
    """Explain the id of a rule or a check, a number, a code's name, or pasted lines."""
    if len(text) < _SHORT_NAME:
        if _BARE_NUMBER.fullmatch(text):
            return Answer(subject="", explanations=_finished(explain_numbers(text), "", text))
        if _ID.fullmatch(text):
            name = text.strip().casefold()
            found = _rule(name) or _check(name)
            if found:
                return Answer(subject="", explanations=_finished(found, "", text))
    return _explain_text(text)


def _explain_text(text: str) -> Answer:
    from mlcbuild.explain.catalogue import anchors, find_symptoms  # noqa: PLC0415 - reads TOML
    from mlcbuild.explain.families import explain_families  # noqa: PLC0415
    from mlcbuild.explain.loglines import first_error, lines_of  # noqa: PLC0415
    from mlcbuild.explain.wordings import foreign_anchors, in_english  # noqa: PLC0415

    words = anchors() | foreign_anchors()

    def telling(line: Line) -> bool:
        return (
            not words.isdisjoint(line.words)
            or not line.normal.isascii()
            or _may_hold_a_number(line)
        )

    short = len(text) < _SHORT_TEXT
    lines = in_english(lines_of(text, None if short else telling))
    told = text if short else "\n".join(line.text for line in lines)
    subject = subject_of(told)
    found = find_symptoms(lines)
    causes = tuple(each for each in found if not each.generic)
    generic = tuple(each for each in found if each.generic)
    codes = explain_numbers(_with_numbers(lines))
    # a number whose line was explained needs no word on its family
    said = " ".join(each.line.text for each in found if each.line).casefold()
    families = () if causes or codes else tuple(
        each for each in explain_families(told, lines) if each.id.casefold() not in said
    )  # fmt: skip
    return Answer(
        subject=subject,
        explanations=_finished((*causes, *codes, *families, *generic), subject, told),
        first_error=first_error(lines),
    )


def _with_numbers(lines: list[Line]) -> str:
    """Return the lines that may hold a code, with the English of other languages' messages."""
    some = lines if len(lines) <= _SHORT else [
        line for line in lines if _may_hold_a_number(line)
    ]  # fmt: skip
    return "\n".join(f"{line.text}\n{line.normal}" if line.english else line.text for line in some)


def _may_hold_a_number(line: Line) -> bool:
    return any(mark in line.normal for mark in _WITH_NUMBERS)


def _finished(found: tuple[Explanation, ...], subject: str, text: str) -> tuple[Explanation, ...]:
    """Return explanations with their commands spelt out."""
    from mlcbuild.explain.facts import Facts, spelt_out  # noqa: PLC0415

    facts = Facts(text=text)
    return tuple(
        replace(each, run=spelt_out(each.run, each.without_path, subject, facts)) for each in found
    )


def _place(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else {"number": place.number, "text": place.text}


def _rule(name: str) -> tuple[Explanation, ...]:
    from mlcbuild.rules import RULE_IDS, load_rule  # noqa: PLC0415 - only where one is named

    if name not in RULE_IDS:
        return ()
    rule: Rule = load_rule(name)
    return (
        Explanation(
            kind="rule",
            id=rule.id,
            title=f"{rule.title} ({rule.severity})",
            meaning=rule.why,
            causes=(rule.fix,),
            run="mlcbuild check {path}",
            sources=(rule.source,),
        ),
    )


def _check(name: str) -> tuple[Explanation, ...]:
    from mlcbuild.doctor.checks import CHECKS, load_check  # noqa: PLC0415 - see _rule

    if not any(name in ids for ids in CHECKS.values()):
        return ()
    check = load_check(name)
    return (
        Explanation(
            kind="check",
            id=check.id,
            title=check.title,
            meaning=check.why,
            run=f"mlcbuild doctor --only {check.id}",
            sources=(check.source,),
        ),
    )
