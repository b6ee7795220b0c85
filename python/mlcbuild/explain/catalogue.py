r"""The catalogue of symptoms: TOML files beside this module, one row a symptom.

A row's ``text`` lists fragments; one that occurs in the input finds the row. A fragment is compared
without case and with ``/`` for ``\``; `` ... `` in it stands for up to 300 other characters.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from mlcbuild.explain.model import Explanation

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["FIELDS", "Symptom", "find_symptoms", "normalised", "read_symptoms"]

FILES: Final = ("loading.toml", "building.toml", "installing.toml")
#: Every field of a row, with the type of its value; ``generic`` alone may be left out.
FIELDS: Final[dict[str, type]] = {
    "id": str,
    "title": str,
    "text": list,
    "meaning": str,
    "causes": list,
    "run": str,
    "sources": list,
    "example": str,
    "generic": bool,
}
_GAP: Final = 300
_ALIKE: Final = str.maketrans("\\\u2018\u2019\u201c\u201d", "/''\"\"")


@dataclass(frozen=True, kw_only=True, slots=True)
class Symptom:
    """One row: the fragments that find it, a line that holds one, and what is said of it."""

    text: tuple[str, ...]
    example: str
    explanation: Explanation

    def position(self, normal: str) -> int | None:
        """Return where in a normalised text the first of the fragments stands."""
        found = [at for each in self.text if (at := _find(normal, each)) is not None]
        return min(found, default=None)


def read_symptoms() -> tuple[Symptom, ...]:
    """Return all rows, in the order of the files."""
    folder = files("mlcbuild.explain").joinpath("data")
    rows: list[Symptom] = []
    for name in FILES:
        table = tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8"))
        rows += [_row(entry) for entry in table["symptom"]]
    return tuple(rows)


def find_symptoms(text: str) -> tuple[Explanation, ...]:
    """Return the symptoms that a text shows, the earliest line first, generic ones last."""
    normal = normalised(text)
    found = [
        (row.explanation.generic, position, row.explanation)
        for row in read_symptoms()
        if (position := row.position(normal)) is not None
    ]
    return tuple(each for _, _, each in sorted(found, key=lambda item: item[:2]))


def normalised(text: str) -> str:
    """Return a text in which line breaks, case, slashes and quotation marks do not matter."""
    plain = " ".join(text.translate(_ALIKE).casefold().split())
    return plain.replace("//", "/")  # repr() of a Windows path doubles every backslash


def _find(normal: str, fragment: str) -> int | None:
    first, *rest = fragment.split(" ... ")
    start = normal.find(first)
    while start >= 0:
        end = start + len(first)
        for part in rest:
            at = normal.find(part, end, end + _GAP + len(part))
            if at < 0:
                break
            end = at + len(part)
        else:
            return start
        start = normal.find(first, start + 1)
    return None


def _row(entry: dict[str, Any]) -> Symptom:
    return Symptom(
        text=tuple(entry["text"]),
        example=entry["example"],
        explanation=Explanation(
            kind="symptom",
            id=entry["id"],
            title=entry["title"],
            meaning=entry["meaning"],
            causes=tuple(entry["causes"]),
            run=entry["run"],
            sources=tuple(entry["sources"]),
            generic=entry.get("generic", False),
        ),
    )
