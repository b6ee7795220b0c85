"""Sick machines: each is laid out through the one door, and must be named with one fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakemachine import FakeSystem, linux, windows
from mlcbuild.doctor.checks import CHECKS, load_check
from mlcbuild.doctor.examine import examine
from mlcbuild.doctor.system import Ran

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlcbuild.doctor.model import Result

ALL = [check_id for ids in CHECKS.values() for check_id in ids]


def problems(machine: FakeSystem) -> dict[str, Result]:
    """Examine a machine; return the checks that have something to say."""
    return {result.id: result for result in examine(machine).results if result.problem}


@pytest.mark.parametrize("make", [windows, linux])
def test_a_healthy_machine_is_silent(make: Callable[[], FakeSystem]) -> None:
    assert problems(make()) == {}


def test_every_check_is_its_file() -> None:
    for check_id in ALL:
        assert load_check(check_id).id == check_id


def test_cmake_that_does_not_run() -> None:
    pc = windows().program(
        r"C:\mingw\bin\cmake.exe", {"--version": Ran(code=-1073741515)}, first=True
    )
    assert problems(pc)["cmake"].status == "fail"
    assert problems(pc)["cmake"].fix == 'python -m pip install "cmake>=3.26"'


def test_cmake_that_pip_may_not_replace() -> None:
    pc = linux().program("/usr/bin/cmake", {"--version": "cmake version 3.25.1"})
    assert problems(pc) == {}
    pc.env["PIP_NO_BUILD_ISOLATION"] = "1"
    assert problems(pc)["cmake"].fix == "python -m pip install 'cmake>=3.26'"
