"""Problems stand in the order in which to fix them, and consequences are no problems."""

from __future__ import annotations

import pytest
from fakemachine import KITS, VSWHERE, windows
from mlcbuild.doctor import as_text
from mlcbuild.doctor.check import Result, Status
from mlcbuild.doctor.checks import CHECKS
from mlcbuild.doctor.order import FIRST, FOLLOWS, in_order
from mlcbuild.doctor.runner import examine

IDS = {check_id for ids in CHECKS.values() for check_id in ids}


def result(check_id: str, status: Status) -> Result:
    fix = "do" if status in ("warn", "fail") else ""
    return Result(
        id=check_id, title="", category="toolchain", status=status, finding="found", fix=fix
    )


def test_the_order_speaks_of_checks_that_there_are() -> None:
    assert set(FIRST) <= IDS
    assert {*FOLLOWS, *(cause for causes in FOLLOWS.values() for cause in causes)} <= IDS


def test_no_check_follows_from_itself() -> None:
    def causes(check_id: str, seen: tuple[str, ...] = ()) -> None:
        assert check_id not in seen, seen
        for cause in FOLLOWS.get(check_id, ()):
            causes(cause, (*seen, check_id))

    for check_id in IDS:
        causes(check_id)


def test_failures_come_before_warnings_and_causes_before_all() -> None:
    given = [
        result("git", "warn"),
        result("cargo", "fail"),
        result("zig", "ok"),
        result("python-version", "fail"),
        result("temp-folder", "warn"),
    ]
    ids = [each.id for each in in_order(given)]
    assert ids == ["python-version", "cargo", "temp-folder", "git", "zig"]


def test_a_warning_does_not_hide_a_failure() -> None:
    given = [result("python-msys2", "warn"), result("rust-host", "fail")]
    assert [each.status for each in in_order(given)] == ["fail", "warn"]


def test_a_consequence_says_what_it_waits_for() -> None:
    told = in_order([result("rust-host", "fail"), result("python-bits", "fail")])
    assert [(each.id, each.status) for each in told] == [
        ("python-bits", "fail"),
        ("rust-host", "skip"),
    ]
    assert told[1].finding == "found (fixing python-bits may resolve it)"
    assert told[1].fix == ""


def test_a_consequence_alone_is_a_problem() -> None:
    pc = windows().remove(VSWHERE).remove(KITS)
    found = [each for each in examine(pc, only=["windows-sdk"]).results if each.problem]
    assert [each.id for each in found] == ["windows-sdk"]


@pytest.mark.parametrize("verbose", [False, True])
def test_the_text_gives_the_problems_in_that_order_at_the_end(*, verbose: bool) -> None:
    pc = windows().remove(VSWHERE)
    pc.env |= {"KMP_DUPLICATE_LIB_OK": "TRUE", "PYTHONHOME": r"C:\\Python39"}
    lines = as_text.render(examine(pc), verbose=verbose).splitlines()
    at = lines.index("fix these in this order; earlier fixes may resolve later problems")
    named = [line.split(":")[0] for line in lines[at:] if line.startswith("  ") and line[2] != " "]
    assert named == ["  fail  python-path", "  fail  msvc", "  warn  runtime-variables"]
    assert lines[-1] == "not ready: 2 problems, 1 warning"
