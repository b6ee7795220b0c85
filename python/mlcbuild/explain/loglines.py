r"""A pasted text or a log as the lines that are compared: cleaned, bounded, each once.

Terminal colours are dropped, bytes that pip or rustc print as ``\xc3\xa3`` are read as text, and
lines longer than a window are cut: nothing that is done with a line costs more than its length.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlcbuild.explain.fragment import WORD, normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LONGEST: Final = 2000
#: How many lines before and after its own a message may spread over (CMake wraps them).
_BEFORE: Final = 3
_AFTER: Final = 6
_COLOUR: Final = re.compile(r"\x1b\[[0-9;?]{0,20}[ -/]?[@-~]")
_BYTES: Final = re.compile(r"(?:\\x[0-9a-f]{2}){2,}")
#: Code pages in which compilers of a Windows print, the stricter ones first.
_PAGES: Final = ("utf-8", "gb18030", "cp932", "cp1252")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line: its number from 1, what was read, and what is compared."""

    number: int
    text: str
    normal: str
    words: frozenset[str]
    #: Whether ``normal`` has English in place of a message in another language.
    english: bool = False


def lines_of(text: str, telling: Callable[[Line], bool] | None = None) -> list[Line]:
    """Return the lines of a text that are not empty; of equal ones the first.

    With ``telling``, only the lines that it selects and their neighbours: little of a 50 MB log
    is kept.
    """
    if telling is None:
        return list(_all_lines(text))
    kept: list[Line] = []
    before: deque[Line] = deque(maxlen=_BEFORE)
    after = 0
    for line in _all_lines(text):
        if telling(line):
            kept += before
            before.clear()
            after = _AFTER + 1
        if after:
            kept.append(line)
            after -= 1
        else:
            before.append(line)
    return kept


def _all_lines(text: str) -> Iterator[Line]:
    seen: set[str] = set()
    for number, raw in enumerate(text.split("\n"), 1):
        if raw in seen:
            continue
        seen.add(raw)
        clean = _clean(raw)
        for start in range(0, len(clean), _LONGEST):
            part = clean[start : start + _LONGEST]
            if normal := normalised(part):
                words = frozenset(WORD.findall(normal))
                yield Line(number=number, text=part.strip(), normal=normal, words=words)


def window(lines: list[Line], index: int) -> list[Line]:
    """Return a line with its neighbours."""
    return lines[max(0, index - _BEFORE) : index + _AFTER + 1]


def line_at(lines: list[Line], offset: int) -> Line:
    """Return the line that a place of the joined lines belongs to."""
    for line in lines:
        offset -= len(line.normal) + 1
        if offset < 0:
            return line
    return lines[-1]


def _clean(raw: str) -> str:
    line = _COLOUR.sub("", raw) if "\x1b" in raw else raw
    # pip draws a frame around the output of a build.
    line = line.replace("\u2502", " ") if "\u2502" in line else line
    return _BYTES.sub(_decoded, line) if "\\x" in line else line


def _decoded(match: re.Match[str]) -> str:
    data = bytes.fromhex(match[0].replace("\\x", ""))
    texts = (in_page(data, page) for page in _PAGES)
    return next((text for text in texts if text is not None), match[0])


def in_page(data: bytes, page: str) -> str | None:
    """Decode bytes of one code page; None if they are not valid in it."""
    try:
        return data.decode(page)
    except UnicodeDecodeError:
        return None
