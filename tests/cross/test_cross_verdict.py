"""A finished wheel is judged by the tag it was asked for, for x64 and for ARM64."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlcbuild.check import check
from mlcbuild.check.settings import Settings
from mlcbuild.cross.run import require_good
from mlcbuild.cross.target import Target, read_targets
from mlcbuild.errors import FailedError, UsageError
from pefactory import make_pe
from wheelfactory import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

X64 = Target(minor=13, micro=2)
ARM64 = Target(minor=13, micro=2, platform="win_arm64")
MACHINES = {"win_amd64": "x86_64", "win_arm64": "arm64"}


def wheel(folder: Path, machine: str, platform: str, name: str = "") -> Path:
    module = name or f"m.cp313-{platform}.pyd"
    image = make_pe(machine=machine, imports={"python313.dll": ["PyLong_FromLong"]})
    return make_wheel(folder, {module: image}, tag=f"cp313-cp313-{platform}")


@pytest.mark.parametrize("target", [X64, ARM64])
def test_an_image_of_the_machine_of_its_tag_is_good(tmp_path: Path, target: Target) -> None:
    assert target.machine == MACHINES[target.platform]
    require_good(wheel(tmp_path, target.machine, target.platform), target)


@pytest.mark.parametrize(("target", "machine"), [(X64, "arm64"), (ARM64, "x86_64")])
def test_an_image_of_the_other_machine_is_refused(
    tmp_path: Path, target: Target, machine: str
) -> None:
    with pytest.raises(FailedError, match=f"is built for {machine}, the wheel is for"):
        require_good(wheel(tmp_path, machine, target.platform), target)


def test_a_wheel_that_the_project_tags_for_another_system_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FailedError, match="is tagged for win_amd64, not for win_arm64"):
        require_good(wheel(tmp_path, "arm64", "win_amd64"), ARM64)
    image = make_wheel(tmp_path, {"m.pyd": make_pe()}, tag="py3-none-any")
    with pytest.raises(FailedError, match="is tagged for every system"):
        require_good(image, X64)


def test_a_module_named_for_linux_python_is_refused(tmp_path: Path) -> None:
    named = wheel(tmp_path, "x86_64", "win_amd64", "m.cpython-313-x86_64-linux-gnu.pyd")
    with pytest.raises(FailedError, match="has a name that Python on Windows does not import"):
        require_good(named, X64)


def test_python_for_arm64_begins_with_3_11() -> None:
    with pytest.raises(UsageError, match=r"CPython 3\.10 does not exist for Windows on ARM64"):
        read_targets(["3.10"], "win_arm64")
    assert [target.soabi for target in read_targets(["3.11"], "win_arm64")] == ["cp311-win_arm64"]


@pytest.mark.parametrize("platform", MACHINES)
def test_check_knows_what_arm64s_own_runtime_lacks(tmp_path: Path, platform: str) -> None:
    """``__intrinsic_setjmp`` is x64's: the DLL of the ARM64 redistributable has no such name."""
    image = make_pe(
        machine=MACHINES[platform], imports={"vcruntime140.dll": ["__intrinsic_setjmp", "memcpy"]}
    )
    made = make_wheel(tmp_path, {"m/a.dll": image}, tag=f"py3-none-{platform}")
    found = [finding.rule for finding in check([str(made)], Settings()).targets[0].findings]
    assert ("missing-export" in found) is (platform == "win_arm64")
