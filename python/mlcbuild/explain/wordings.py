"""Translate messages of Windows, cmd, PowerShell and MSVC in other languages to English.

``data/wordings.toml`` has each message in English and in other languages, with the source of the
wording. The English replaces the message in a line, so that the catalogue and the codes need only
one language. Read only if a text may need it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from mlcbuild.explain.fragment import Fragment, Index
from mlcbuild.explain.loglines import WORD, in_page, lines_of, normalised

if TYPE_CHECKING:
    from mlcbuild.explain.loglines import Line

import tomllib

from mlcbuild.explain.loglines import Line

#: Code pages of Windows: simplified and traditional Chinese, Japanese, Korean, Russian, Central
#: and Western Europe, and what consoles of the last use.
_PAGES: Final = ("gb18030", "cp950", "cp932", "cp949", "cp1251", "cp1250", "cp1252", "cp850")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """One message: its English and, by language, what other systems write."""

    english: str
    foreign: dict[str, tuple[str, ...]]
    source: str


@cache
def read_wordings() -> tuple[Wording, ...]:
    """Return all messages."""
    data = files("mlcbuild.explain").joinpath("data") / "wordings.toml"
    table = tomllib.loads(data.read_text(encoding="utf-8"))
    return tuple(
        Wording(
            english=entry.pop("english"),
            source=entry.pop("source"),
            foreign={language: tuple(texts) for language, texts in entry.items()},
        )
        for entry in table["wording"]
    )


def decoded(lines: Iterable[bytes]) -> Iterator[str]:
    """Decode lines that are not all UTF-8: a compiler prints in the code page of its Windows.

    The page is the one in which the first message that is known was written; until then, and
    where none is, bytes that fit no page are replaced.
    """
    index, _ = _index()
    pages: tuple[str, ...] = _PAGES
    for data in lines:
        text = in_page(data, "utf-8")
        if text is None:
            tries = [text for page in pages if (text := in_page(data, page)) is not None]
            known = [text for text in tries if any(map(index.first, lines_of(text)))]
            text = next(iter(known or tries), data.decode("utf-8", errors="replace"))
            if known and len(pages) > 1:
                pages = tuple(page for page in pages if in_page(data, page) == text)[:1]
        yield text


def in_english(lines: list[Line]) -> list[Line]:
    """Return the lines, with English in place of every message in another language."""
    index, english = _index()
    return [_translated(line, index, english) for line in lines]


def foreign_anchors() -> frozenset[str]:
    """Return the words of which a line has one, if it holds a message that is not Chinese."""
    return _index()[0].anchors


@cache
def _index() -> tuple[Index, dict[str, str]]:
    english = {
        normalised(text): wording.english
        for wording in read_wordings()
        for texts in wording.foreign.values()
        for text in texts
    }
    return Index([Fragment(text) for text in english]), english


def _translated(line: Line, index: Index, english: dict[str, str]) -> Line:
    normal = line.normal
    # the longer message first: another may be a part of it
    for fragment, match in sorted(index.first(line), key=lambda hit: -len(hit[1][0])):
        said = english[fragment.text]
        for name, word in match.groupdict().items():
            said = said.replace(f"<{name}>", word)
        # no blank stands before or after in Chinese and Japanese
        normal = " ".join(normal.replace(match[0], f" {normalised(said)} ", 1).split())
    if normal == line.normal:
        return line
    return replace(line, normal=normal, words=frozenset(WORD.findall(normal)), english=True)
