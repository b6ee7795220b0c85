r"""A pasted text or a log as the lines that are compared: cleaned, bounded, each once.

Terminal colours are dropped, bytes that pip or rustc print as ``Ã£`` are read as text, and
lines longer than a window are cut: nothing that is done with a line costs more than its length.

``first_error`` finds the first line that is an error, ``subject_of`` the DLL, module or wheel that
an error names.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mlcbuild.explain.explanation import Place

#: What counts as one word of a log; the same for fragments and for lines.
WORD: Final = re.compile(r"\w+")


_ALIKE: Final = str.maketrans(
    '\\"\u2018\u2019\u201c\u201d\u00ab\u00bb\uff0c\uff1a', "/" + "'" * 7 + ",:"
)


def normalised(text: str) -> str:
    """Return a text in which line breaks, case, slashes and quotation marks do not matter."""
    plain = " ".join(text.translate(_ALIKE).casefold().split())
    return plain.replace("//", "/")  # repr() of a Windows path doubles every backslash


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


#: How tools begin or mark an error, on a normalised line.
_ERROR: Final = re.compile(
    r"(?:^|[ :>\])])(?:fatal )?(?:error|fehler|erreur|errore|erro|错误|エラー)"
    r"(?: [a-z]{1,3}\d{4}|\[e\d{4}\])? ?:"
    r"|^cmake error|^error: |^fatal: |^fatal python error|^ninja: (?:error|fatal)"
    r"|^(?:[a-z_]\w*\.)*[a-z_]\w*(?:error|exception|unavailable): "
    r"|^nvcc fatal|^(?:clang|clang-cl|lld-link|ld|ld\.exe|collect2|link): "
    r"|is not recognized as |: undefined reference to |^panicked at|^thread .{1,40} panicked"
)
#: What a line with an error holds in any case: quicker to look for.
_MARKS: Final = (
    "err", "fehler", "fatal", "exception", "unavailable", "not recognized", "undefined", "panicked",
    "错误", "エラー", "clang", "ld: ", "link: ", "collect2",
)  # fmt: skip
#: Lines that count errors, repeat them or only look like one.
_NO_CAUSE: Final = re.compile(
    r"subprocess-exited-with-error|failed building wheel|metadata-generation-failed"
    r"|could not build wheels|failed to build installable|could not compile `|lnk1120|msb3073"
    r"|msb8066|msb6006|build stopped|\b0 errors?\b|\berror: 0\b|werror|error_code|on_error|--error"
)


def first_error(lines: Iterable[Line]) -> Place | None:
    """Return the first line that a tool marked as an error; None where no line is."""
    for line in lines:
        if not any(mark in line.normal for mark in _MARKS):
            continue
        if _ERROR.search(line.normal) and not _NO_CAUSE.search(line.normal):
            return Place(number=line.number, text=line.text)
    return None


_PATH: Final = re.compile(
    r"""(?P<quote>['"])(?P<quoted>[^'"\r\n]+\.(?:dll|pyd|whl))(?P=quote)"""
    r"""|(?P<bare>(?:[A-Za-z]:)?[^\s'"<>|*?:=]*\.(?:dll|pyd|whl))\b""",
    re.IGNORECASE,
)
_ENDING: Final = re.compile(r"\.(?:dll|pyd|whl)\b", re.IGNORECASE)
#: Characters of a line in which a file is looked for: trying each costs the square of a path.
_LONGEST_PATH: Final = 2000
_MODULE: Final = re.compile(r"DLL load failed while importing (\w+)")
_PACKAGE: Final = re.compile(r"site-packages[\\/]{1,2}(\w+)[\\/]")
#: The C++ runtime: whom the message names, not whom one would check.
_RUNTIMES: Final = re.compile(
    r"(?:msvcp140|vcruntime140|ucrtbase|concrt140)\w*\.dll$", re.IGNORECASE
)


def subject_of(text: str) -> str:
    """Return the file that an error names last, else the module; empty where it names none."""
    paths = [
        (found["quoted"] or found["bare"]).replace("\\\\", "\\")
        for line in text.splitlines()
        if _ENDING.search(line)
        for found in _PATH.finditer(line[:_LONGEST_PATH])
    ]
    full = [path for path in paths if re.search(r"[\\/]", path)]
    named = [path for path in (full or paths) if not _RUNTIMES.search(path)]
    if named:
        return named[-1]
    module = _MODULE.search(text)
    if module is None:
        return ""
    packages = _PACKAGE.findall(text, 0, module.start())
    # torch._C is loaded by torch: a traceback names the package
    return packages[-1] if module[1].startswith("_") and packages else module[1]
