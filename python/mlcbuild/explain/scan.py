"""Search many lines for many fragments, at a cost that grows only with the lines.

Every fragment has an anchor, one of its whole words. A line, with its neighbours, is compared
with the fragments whose anchors it contains; each fragment is searched for until it is found.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlcbuild.explain.loglines import line_at, window

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

    from mlcbuild.explain.fragment import Fragment
    from mlcbuild.explain.loglines import Line


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
