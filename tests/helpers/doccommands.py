"""The commands of the documents, as they stand there, each with the output that is shown below it.

A command stands on a line of a fence ``sh`` (any shell) or ``bat`` (Windows), ready to be copied,
or, where something is shown below it, in a fence ``console`` after ``$`` or ``>``. What is shown is
compared line by line: numbers and spaces may differ, ``...`` stands for any lines, or for the rest
of its own.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PAGES", "ROOT", "Command", "blocks", "commands", "differs", "spans", "words_of"]

ROOT = Path(__file__).resolve().parents[2]
#: Every document that people read: what stands in all of them is checked.
PAGES = tuple(
    sorted(
        path
        for pattern in ("README.md", "python/README.md", "docs/*.md", "*/*/README.md")
        for path in ROOT.glob(pattern)
        if not path.relative_to(ROOT).parts[0].startswith((".", "3rdparty", "build"))
    )
)
_COMMENT = re.compile(r"\s{2,}#\s.*$|\s+#\s.*$")
#: Language of a fence -> the prompt that its lines go without.
_PROMPTS = {"sh": "$ ", "bat": "> "}
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command: ``text`` without prompt and comment, ``shown`` the lines below it."""

    page: str
    line: int
    prompt: str
    text: str
    shown: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"


def blocks() -> Iterator[tuple[str, int, str, str]]:
    """Yield page, line, language and text of every block of code; indented ones have none."""
    for path in PAGES:
        for token in MarkdownIt().parse(path.read_text(encoding="utf-8")):
            if token.type in {"fence", "code_block"}:
                start = token.map[0] + 1 if token.map else 0
                yield path.relative_to(ROOT).as_posix(), start, token.info.strip(), token.content


def commands() -> Iterator[Command]:
    """Yield every command of every block ``console``."""
    for page, start, language, content in blocks():
        if language not in {"console", *_PROMPTS}:
            continue
        found: list[tuple[int, str, str, list[str]]] = []
        continued = False
        for number, written in enumerate(content.splitlines(), start + 1):
            line = _PROMPTS.get(language, "") + written if written.strip() else written
            if continued:
                at, prompt, text, shown = found[-1]
                found[-1] = (at, prompt, f"{text[:-1].rstrip()} {written.strip()}", shown)
            elif line.startswith(("$ ", "> ")):
                found.append((number, line[0], line[2:], []))
            elif found:
                found[-1][3].append(line)
            else:
                message = f"{page}:{number}: no command before this: {line}"
                raise AssertionError(message)
            continued = not found[-1][3] and found[-1][2].endswith("\\")
        for at, prompt, text, shown in found:
            plain = _COMMENT.sub("", text).strip()
            while shown and not shown[-1].strip():
                shown.pop()
            yield Command(page=page, line=at, prompt=prompt, text=plain, shown=tuple(shown))


def spans() -> Iterator[tuple[str, str]]:
    """Yield page and text of every span of inline code."""
    for path in PAGES:
        for token in MarkdownIt().parse(path.read_text(encoding="utf-8")):
            for child in token.children or ():
                if child.type == "code_inline":
                    yield path.relative_to(ROOT).as_posix(), child.content


def words_of(text: str) -> list[list[str]]:
    """Return the words of each program that a line starts, without redirections and variables."""
    lexer = shlex.shlex(text, posix="\\" not in text, punctuation_chars="|&;")
    lexer.whitespace_split = True
    programs: list[list[str]] = [[]]
    for word in lexer:
        if set(word) <= set("|&;"):
            programs.append([])
        elif not re.fullmatch(r"\d?>&?\d?|[A-Z_]+=\S*", word) or programs[-1]:
            programs[-1].append(word.strip("'\""))
    kept = [[w for w in words if not re.fullmatch(r"\d>&?\d?", w)] for words in programs]
    return [words for words in kept if words]


def differs(shown: tuple[str, ...], said: str) -> str:
    """Return how an output differs from what a document shows of it; empty where it does not."""
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    at, anywhere = 0, False
    for line in shown:
        if line.strip() == "...":
            anywhere = True
            continue
        if not line.strip():
            continue
        places = range(at, len(lines)) if anywhere else range(at, min(at + 1, len(lines)))
        found = next((place for place in places if _alike(line, lines[place])), None)
        if found is None:
            there = lines[at] if at < len(lines) else "the end"
            return f"shown: {line!r}\nsaid:  {there!r}\nall of it:\n{said}"
        at, anywhere = found + 1, False
    if at < len(lines) and shown and not anywhere:
        return f"not shown: {lines[at]!r}\nall of it:\n{said}"
    return ""


def _alike(shown: str, said: str) -> bool:
    left, right = (" ".join(_NUMBER.sub("0", text).split()) for text in (shown, said))
    if left.endswith("..."):
        return right.startswith(left[:-3].rstrip())
    return left == right
