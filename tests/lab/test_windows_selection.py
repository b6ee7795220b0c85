"""What is left out under Windows CPython is left out by one list, with a reason."""

from __future__ import annotations

import pytest
from windowsrun import NOT_RUN, reason_of, unused


@pytest.mark.parametrize(
    "address",
    [
        "tests/pe/test_pe_exports.py::test_compiled_exports_are_found[zig]",
        "tests/pe/test_tinydll.py::test_imports_and_exports_are_those_asked_for[zig-x86_64]",
        "tests/sources/test_fetch_git.py::test_anything[a [b] c]",
        "tests/lab/test_lab_run.py::test_exit_codes_are_whole[0]",
    ],
)
def test_what_cannot_run_there_has_a_reason(address: str) -> None:
    assert reason_of(address)


@pytest.mark.parametrize(
    "address",
    [
        "tests/pe/test_pe_exports.py::test_compiled_exports_are_found[mingw]",
        "tests/loader/test_loader_verdicts.py::test_the_model_answers[a_missing_dll]",
        "tests/windows/test_windows_locks.py::test_read_only_files_as_git_makes_them_go",
    ],
)
def test_everything_else_is_run(address: str) -> None:
    assert reason_of(address) is None


def test_a_pattern_that_fits_no_test_is_told() -> None:
    assert unused(["tests/pe/test_x.py::test_y[zig]"]) == [
        pattern for pattern, _ in NOT_RUN if pattern != "*[zig*"
    ]
