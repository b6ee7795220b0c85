"""What ``explain`` says of one thing, whether it is a code, a rule or a symptom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["check", "code", "rule", "symptom"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One line of the input: its number from 1, and its words."""

    number: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """One thing explained. ``causes`` are in order of likelihood, ``run`` is the next command."""

    kind: Kind
    #: ``WinError 126``, ``NTSTATUS 0xC0000005``, or the id of a rule, a symptom or a check.
    id: str
    title: str
    meaning: str
    causes: tuple[str, ...] = ()
    run: str = ""
    #: What to run instead where the text names no file for ``{path}``.
    without_path: str = ""
    sources: tuple[str, ...] = ()
    #: Other notations of a number.
    also_written: tuple[str, ...] = ()
    #: True for a line that only repeats that something before it failed.
    generic: bool = False
    #: The line of the input that says it, where it is one.
    line: Place | None = None
