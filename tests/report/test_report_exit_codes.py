from __future__ import annotations

import pytest
from check_facts import broken_load
from check_report import finding, module, wheel_target
from mlcbuild.report.result import Report, Target

CLEAN = Target(name="a.dll", kind="image")
UNREADABLE = Target(name="b.whl", kind="wheel", error="no such file")
ERROR = wheel_target(finding())
WARNING = Target(name="c.dll", kind="image", findings=(finding(severity="warning"),))
NOTE = Target(name="d.dll", kind="image", findings=(finding(severity="note"),))
HELPER = Target(
    name="e.whl",
    kind="wheel",
    modules=(module("x86.dll", broken_load("wrong-machine", 193, ["x86.dll"])),),
)


@pytest.mark.parametrize(
    ("targets", "strict", "code"),
    [
        ((), False, 0),
        ((CLEAN,), False, 0),
        ((NOTE,), True, 0),
        ((WARNING,), False, 0),
        ((WARNING,), True, 1),
        ((CLEAN, ERROR), False, 1),
        ((UNREADABLE,), False, 3),
        ((ERROR, UNREADABLE, WARNING), False, 3),
    ],
)
def test_the_exit_code_follows_from_the_worst(
    targets: tuple[Target, ...],
    strict: bool,  # noqa: FBT001 - a parametrized value
    code: int,
) -> None:
    assert Report(targets=targets, strict=strict).exit_code == code


def test_the_summary_counts_over_all_targets() -> None:
    report = Report(targets=(ERROR, WARNING, NOTE, UNREADABLE))
    assert report.summary == {"errors": 1, "warnings": 1, "notes": 1}


@pytest.mark.parametrize(
    ("target", "outcome"),
    [
        (CLEAN, "good"),
        (UNREADABLE, "unreadable"),
        (ERROR, "fails"),
        (WARNING, "warnings"),
        (wheel_target(), "may-fail"),
        (HELPER, "good"),
    ],
)
def test_the_outcome_of_a_target_is_one_word(target: Target, outcome: str) -> None:
    assert target.outcome == outcome
