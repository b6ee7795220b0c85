"""The same cases before a real loader: Windows on Windows, the lab's Wine elsewhere.

Wine lies in two ways, which the cases name with Windows' answer beside it. Everything else must
agree. On a system with neither (macOS) they are skipped; a Linux without Wine fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from few import few
from loadercases import CASES, Case
from winejudge import Judge, on_windows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    "case", few(case for case in CASES if case.judge), ids=lambda case: case.name
)
def test_a_real_loader_answers_as_the_case_says(
    case: Case, judge: Judge, built: Callable[[Case], Path]
) -> None:
    root = built(case)
    target = root / "pkg" / case.target
    loaded: dict[str, str] = {}
    if target.suffix == ".exe":
        answer = judge.run(target)
    else:
        answer, loaded = judge.load(target, [root / folder for folder in case.add])
    expected = abs(case.winerror)
    if case.wine is not None and not on_windows():
        assert case.why
        expected = case.wine
    assert answer == expected, case.why
    for name, folder in case.winners.items():
        assert loaded[name] == folder.rpartition("/")[2]


def test_the_differences_between_wine_and_windows_are_the_known_ones() -> None:
    reasons = {case.why for case in CASES if case.wine is not None}
    assert len(reasons) <= 7, "every difference is a documented habit of Wine"
