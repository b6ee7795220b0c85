r"""The catalogue of symptoms: TOML files in this package, one row per symptom.

A row's ``text`` lists fragments (``explain/fragment.py``); one that occurs in the input matches the
row. A row may require more: ``also`` (one of these as well, anywhere), ``unless`` (none of these,
anywhere), ``over`` (it is the cause of these rows and comes before them). ``run`` may be
``@name``, a command of ``commands.toml`` that several rows share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.explain.explanation import Explanation, Place
from mlcbuild.explain.fragment import Fragment, Index

if TYPE_CHECKING:
    from mlcbuild.explain.fragment import Hit
    from mlcbuild.explain.loglines import Line

import tomllib

from mlcbuild.explain.fragment import Hit

if TYPE_CHECKING:
    from mlcbuild.explain.loglines import Line


FILES: Final = (
    "loading.toml",
    "devices.toml",
    "shell.toml",
    "python.toml",
    "cmake.toml",
    "compiling.toml",
    "linking.toml",
    "cuda.toml",
    "rust.toml",
    "installing.toml",
    "network.toml",
    "files.toml",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Symptom:
    """One row: what matches it, an example line, and its explanation."""

    text: tuple[str, ...]
    also: tuple[str, ...]
    unless: tuple[str, ...]
    over: frozenset[str]
    example: str
    #: The file that it stands in.
    file: str
    explanation: Explanation

    def hit(self, found: Mapping[str, Hit]) -> Hit | None:
        """Return the first line that shows the symptom, None where the evidence is not there."""
        hits = [found[each] for each in self.text if each in found]
        if not hits or any(each in found for each in self.unless):
            return None
        if self.also and not any(each in found for each in self.also):
            return None
        return min(hits, key=lambda hit: (hit.line.number, -hit.length))


@cache
def read_symptoms() -> tuple[Symptom, ...]:
    """Return all rows, in the order of the files."""
    commands = _table("commands.toml")
    return tuple(_row(entry, name, commands) for name in FILES for entry in _table(name)["symptom"])


def find_symptoms(lines: list[Line]) -> tuple[Explanation, ...]:
    """Return the symptoms that a text shows, the most relevant first.

    Causes come before their effects (``over``), earlier lines before later ones; for the same line,
    the row that matches more of it; rows that only state that something failed come last.
    """
    rows = read_symptoms()
    found = _index().find(lines)
    shown = [(row, hit) for row in rows if (hit := row.hit(found)) is not None]
    explained = {each for row, _ in shown for each in row.over}
    shown.sort(
        key=lambda item: (
            item[0].explanation.generic,
            item[0].explanation.id in explained,
            item[1].line.number,
            -item[1].length,
        )
    )
    return tuple(_said(row, hit) for row, hit in shown)


def anchors() -> frozenset[str]:
    """Return the words of which a line has one at least, if a row is to be found in it."""
    return _index().anchors


@cache
def _index() -> Index:
    rows = read_symptoms()
    wanted = dict.fromkeys(
        text for row in rows for texts in (row.text, row.also, row.unless) for text in texts
    )
    return Index([Fragment(text) for text in wanted])


def _said(row: Symptom, hit: Hit) -> Explanation:
    said = row.explanation
    place = Place(number=hit.line.number, text=hit.line.text)
    return replace(
        said,
        title=_filled(said.title, hit.names),
        meaning=_filled(said.meaning, hit.names),
        causes=tuple(_filled(cause, hit.names) for cause in said.causes),
        run=_filled(said.run, hit.names),
        line=place,
    )


def _filled(text: str, names: Mapping[str, str]) -> str:
    for name, word in names.items():
        # python312.lib is of Python 3.12
        dotted = f"{word[0]}.{word[1:]}" if word.isdecimal() else word
        text = text.replace(f"{{{name}}}", word).replace(f"{{{name}_dotted}}", dotted)
    return text


def _row(entry: Mapping[str, Any], file: str, commands: Mapping[str, str]) -> Symptom:
    def words(field: str) -> tuple[str, ...]:
        some: Sequence[str] = entry.get(field, ())
        return tuple(some)

    run: str = entry["run"]
    return Symptom(
        text=words("text"),
        also=words("also"),
        unless=words("unless"),
        over=frozenset(words("over")),
        example=entry["example"],
        file=file,
        explanation=Explanation(
            kind="symptom",
            id=entry["id"],
            title=entry["title"],
            meaning=entry["meaning"],
            causes=words("causes"),
            run=commands[run[1:]] if run.startswith("@") else run,
            sources=words("sources"),
            generic=entry.get("generic", False),
        ),
    )


def _table(name: str) -> dict[str, Any]:
    data = files("mlcbuild.explain").joinpath("data") / name
    return tomllib.loads(data.read_text(encoding="utf-8"))
