"""Numbers such as LNK1104 or MSB8020: which tool prints them, and what their first digit says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from mlcbuild.explain.explanation import Explanation, Place

if TYPE_CHECKING:
    from mlcbuild.explain.loglines import Line

import tomllib

_BARE: Final = re.compile(
    r"\s*(?:fatal\s+)?(?:error|warning)?\s*\[?([a-z]{1,3}\d{4})\]?:?\s*", re.IGNORECASE
)
#: In a log a number counts after the word for an error alone: C4819 may be a part's name.
_IN_LOG: Final = re.compile(
    r"\b(?:error|fehler|erreur|errore|erro|错误|エラー)[ :]{0,2}\[?([a-z]{1,3}\d{4})\b"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """The numbers of one prefix: the tool, what the first digit says, where each is described."""

    prefix: str
    tool: str
    ranges: dict[str, str]
    read: str
    run: str


@cache
def read_families() -> dict[str, Family]:
    """Return the families by their prefix."""
    text = files("mlcbuild.explain").joinpath("data") / "families.toml"
    default = "start https://learn.microsoft.com/search/?terms={number}"
    return {
        entry["prefix"]: Family(run=entry.pop("run", default), **entry)
        for entry in tomllib.loads(text.read_text(encoding="utf-8"))["family"]
    }


def explain_families(text: str, lines: Iterable[Line]) -> tuple[Explanation, ...]:
    """Return the family of a bare number, or of every number that a log calls an error."""
    bare = _BARE.fullmatch(text)
    if bare:
        only = _explained(bare[1].upper(), None)
        return (only,) if only else ()
    found: dict[str, Explanation] = {}
    for line in lines:
        for number in _IN_LOG.findall(line.normal):
            place = Place(number=line.number, text=line.text)
            if number not in found and (one := _explained(number.upper(), place)):
                found[number] = one
    return tuple(found.values())


def _explained(number: str, place: Place | None) -> Explanation | None:
    prefix = number.rstrip("0123456789")
    family = read_families().get(prefix)
    severity = family.ranges.get(number[len(prefix)]) if family else None
    if family is None or severity is None:
        return None
    return Explanation(
        kind="code",
        id=number,
        title=severity,
        meaning=f"{number} comes from {family.tool}; the text beside it says more. This number "
        "has no entry of its own here",
        causes=(f"its page: {family.read}, {number}",),
        run=family.run.replace("{number}", number),
        sources=(family.read,),
        line=place,
    )
