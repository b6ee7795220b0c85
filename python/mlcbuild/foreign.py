"""Escape untrusted text for output: one function per output form.

File and DLL names, metadata, server responses and output of children are untrusted.
In a terminal they must move no cursor, in Markdown make no markup, in SARIF no link.
HTML is escaped by its template; what is invisible there is shown by ``visible`` too.
"""

from __future__ import annotations

import re
from typing import Final

#: Almost all text is ASCII without controls: this finds the rest fast.
_UNUSUAL: Final = re.compile(r"[^\x20-\x7e\n\t]")
_BREAKS: Final = re.compile(r"[\n\t]")
#: All that begins or ends markup, a link, mathematics or a list. CommonMark lets any punctuation of
#: ASCII be escaped; where it can mean nothing it stays readable: the dot of ``a.dll``.
_MARKUP: Final = re.compile(
    r"""[\\`*_\[\]<>#|~&!$@{}^=] | :(?!\s|$) | /(?=/) | (?<=/)/ | (?<=www)\.
    | \.(?=[^\s])(?!(?:dll|exe|pyd|whl)\b) | ^[-+] | (?<![^\d])[.)]""",
    re.VERBOSE | re.IGNORECASE,
)
_BACKTICKS: Final = re.compile("`+")


def visible(text: str) -> str:
    r"""Return text with everything that cannot be seen as an escape: ``\x1b``, ``\u202e``.

    That is control and bidirectional characters, lone surrogates, and all that Unicode calls not
    printable; line ends and tabs stay.
    """
    return _UNUSUAL.sub(lambda found: _shown(found[0]), text)


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    number = ord(character)
    if number <= 0xFF:  # noqa: PLR2004 - two digits
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004


def one_line(text: str) -> str:
    """Return text that is one line: its line ends are shown as escapes as well."""
    return _BREAKS.sub(lambda found: _shown(found[0]), visible(text))


def markdown_code(text: str, *, cell: bool = False) -> str:
    """Return a code span with the text verbatim; ``cell``: in a table, where bars end cells."""
    shown = one_line(text).replace("|", "\\|") if cell else one_line(text)
    fence = "`" * (1 + max((len(run) for run in _BACKTICKS.findall(shown)), default=0))
    # A space at both ends is taken off again; one is needed beside a backtick, or for no text.
    space = " " if not shown.strip(" ") or shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{space}{shown}{space}{fence}"


def markdown_text(text: str, *, cell: bool = False) -> str:
    """Return text that stays plain in any place: a paragraph, a heading, a ``cell`` of a table.

    If it could be read as a mail address or a user name on a forge, which cannot be escaped,
    it becomes a code span.
    """
    line = " ".join(one_line(text.replace("\n", " ")).split())
    if "@" in line:
        return markdown_code(line, cell=cell)
    return _MARKUP.sub(lambda found: f"\\{found[0]}", line)


def markdown_block(lines: list[str]) -> list[str]:
    """Return the lines of a fenced block that none of the lines inside can end."""
    body = [one_line(line) for line in lines]
    longest = max((len(run) for line in body for run in _BACKTICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *body, fence, ""]


def sarif_text(text: str) -> str:
    """Return text for a SARIF message, where ``[text](target)`` would be a link (3.11.6)."""
    return re.sub(r"([\\\[\]])", r"\\\1", visible(text))
