"""The loader's answer for one image: what it needs, where each need comes from, the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Load", "Need", "Origin", "Verdict"]

Verdict = Literal["loads", "fails", "may-fail"]

Origin = Literal[
    "dll-dir",
    "python-dir",
    "added-dir",
    "companion",
    "system",
    "api-set",
    "driver",
    "missing",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """One needed DLL and the place where Windows finds it. ``path`` is None outside the package."""

    name: str
    origin: Origin
    path: str | None = None
    delayed: bool = False
    #: Every other legal outcome, where added folders hold copies too (their order is undefined).
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What Windows will do with one image.

    ``winerror`` is what it will say (126, 127, 182, 193, 1114); with ``may-fail`` what it will say
    if it does; None when it loads. ``chain`` leads from the image to the guilty one.
    """

    verdict: Verdict
    winerror: int | None = None
    chain: tuple[str, ...] = ()
    reason: str = ""
    needs: tuple[Need, ...] = ()
