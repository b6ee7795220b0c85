"""Search many lines for the fragments of the catalogue, at a cost that grows only with the lines.

A fragment is the pattern of an error message. It is case-insensitive; ``/`` matches both slashes,
`` ... `` up to 300 other characters and ``<name>`` one word, which the row may repeat as ``{name}``
(``<file>`` and ``<symbol>`` match more than one word). It begins and ends at the edge of a word,
unless a ``*`` there allows a longer word. Every part is bounded, and a fragment is compared with a
few lines at a time: its cost does not depend on the log.

Every fragment has an anchor, one of its whole words. A line, with its neighbours, is compared
with the fragments whose anchors it contains; each fragment is searched for until it is found.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from mlcbuild.explain.loglines import WORD, Line, line_at, window

LOOSE: Final = frozenset({"file", "symbol"})
_GAP: Final = ".{0,300}?"
#: No blank, quotation mark or other character that a shell reads: it may end in a command.
_CAPTURE: Final = r"[\w.+\-]{1,60}?"
#: ``<file>`` and ``<symbol>`` may hold blanks, slashes and brackets; they end in no command.
_LOOSE: Final = r"[^'\"<>|*?]{1,200}?"
_PIECE: Final = re.compile(r" \.\.\. |<\w+>")
#: Words of so many lines of a healthy log that they choose none.
_COMMON: Final = frozenset(
    """
    and be bin build building can cannot cl clang cmake code command compile compiler compiling
    could cuda cxx debug dll error exe exit failed fatal file files find for found from get git
    in include including installed installing is it lib library line link linking load make
    microsoft mlc mlc_llm name no not of on open or path pip program python release run runtime
    src std studio system target test the this to tvm visual warning was with write you
    """.split()  # noqa: SIM905 - a list of strings is harder to read
)


class Fragment:
    """One fragment, compiled when it is first needed."""

    def __init__(self, text: str) -> None:
        """Take a fragment as the catalogue spells it."""
        self.text: Final = text
        self.anchor: Final = _anchor(text)
        #: Whether the anchor is rare enough to choose a line by it.
        self.telling: Final = self.anchor is not None and _rare(self.anchor)

    def search(self, normal: str) -> re.Match[str] | None:
        """Return where a normalised text first holds the fragment."""
        return self._pattern.search(normal) if self.longest in normal else None

    @cached_property
    def longest(self) -> str:
        """Return the longest literal piece, which every text with the fragment contains."""
        return max(_PIECE.split(self.text.strip("*")), key=len)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        bare = self.text.strip("*")
        pattern = "" if self.text.startswith("*") else _edge(bare[0], r"(?<!\w)")
        at = 0
        seen: set[str] = set()
        for piece in _PIECE.finditer(bare):
            name = piece[0].strip("<>")
            pattern += re.escape(bare[at : piece.start()])
            if piece[0] == " ... ":
                pattern += _GAP
            elif name in seen:
                pattern += f"(?P={name})"
            else:
                pattern += f"(?P<{name}>{_LOOSE if name in LOOSE else _CAPTURE})"
                seen.add(name)
            at = piece.end()
        if at == len(bare):
            pattern = pattern.removesuffix("?)") + ")" if pattern.endswith("?)") else pattern
        pattern += re.escape(bare[at:])
        return re.compile(
            pattern if self.text.endswith("*") else pattern + _edge(bare[-1], r"(?!\w)")
        )


def _edge(character: str, assertion: str) -> str:
    # Chinese and Japanese put no blank between words.
    return assertion if character.isascii() and WORD.fullmatch(character) else ""


def _anchor(text: str) -> str | None:
    """Return the rarest whole word that every text with the fragment contains, None for none."""
    whole: list[str] = []
    for found in WORD.finditer(_PIECE.sub(lambda m: "\0" * len(m[0]), text)):
        before, after = text[: found.start()], text[found.end() :]
        cut = before.endswith((">", "*")) or after.startswith(("<", "*"))
        if not cut and (found[0].isascii() or not _unspaced(found[0])):
            whole.append(found[0])
    return max(whole, key=lambda word: (_rare(word), len(word)), default=None)


def _rare(word: str) -> bool:
    return len(word) > 1 and word not in _COMMON and not word.isdecimal()


def _unspaced(word: str) -> bool:
    """Return whether a word is of a script that writes without blanks."""
    return any("\u3040" <= character <= "\u9fff" for character in word)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """The first match of a fragment: the line, the length of the match, and its ``<names>``."""

    line: Line
    length: int
    names: Mapping[str, str]


class Index:
    """Fragments by their anchors; those without one are looked for in every line."""

    def __init__(self, fragments: Iterable[Fragment]) -> None:
        """Sort fragments by what makes a line worth comparing with them."""
        self._by_anchor: dict[str, list[Fragment]] = defaultdict(list)
        self._anywhere: list[Fragment] = []
        for each in fragments:
            if each.anchor is None:
                self._anywhere.append(each)
            else:
                self._by_anchor[each.anchor].append(each)

    @property
    def anchors(self) -> frozenset[str]:
        """Return the words that choose a line of a long log."""
        return frozenset(anchor for anchor, some in self._by_anchor.items() if some[0].telling)

    def find(self, lines: list[Line]) -> dict[str, Hit]:
        """Return the first hit of each fragment that occurs, by its text."""
        waiting = {anchor: list(each) for anchor, each in self._by_anchor.items()}
        anywhere = list(self._anywhere)
        anchors = set(waiting)
        found: dict[str, Hit] = {}
        for index, line in enumerate(lines):
            here = anchors & line.words
            loose = [each for each in anywhere if each.longest in line.normal]
            if not here and not loose:
                continue
            near = window(lines, index)
            for anchor in here:
                waiting[anchor] = _search(waiting[anchor], near, found)
                if not waiting[anchor]:
                    anchors.discard(anchor)
            if loose:
                missed = _search(loose, near, found)
                anywhere = [each for each in anywhere if each not in loose or each in missed]
        return found

    def first(self, line: Line) -> list[tuple[Fragment, re.Match[str]]]:
        """Return the fragments that one line holds, with where it does."""
        some = [each for word in line.words & self._by_anchor.keys() for each in
                self._by_anchor[word]]  # fmt: skip
        some += [each for each in self._anywhere if each.longest in line.normal]
        return [(each, match) for each in some if (match := each.search(line.normal))]


def _search(fragments: list[Fragment], lines: list[Line], found: dict[str, Hit]) -> list[Fragment]:
    """Note the fragments that some lines hold; return the others."""
    text = " ".join(line.normal for line in lines)
    left: list[Fragment] = []
    for each in fragments:
        match = each.search(text)
        if match is None:
            left.append(each)
        else:
            line = line_at(lines, match.start())
            length = match.end() - match.start()
            found[each.text] = Hit(line=line, length=length, names=match.groupdict())
    return left
