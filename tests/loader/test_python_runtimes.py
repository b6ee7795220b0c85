"""What each Python brings of the C++ runtime, for the verdict and for what a repair bundles."""

from __future__ import annotations

from typing import Any

import pytest
from check_facts import wheel
from memory_package import MemoryPackage
from mlcbuild.loader import Options, predict, world_from_package
from mlcbuild.repair.exclusions import exclusions
from pefactory import make_pe

BRINGS = [
    ("cp36-cp36m-win_amd64", False),
    ("cp37-cp37m-win_amd64", False),
    ("cp38-cp38-win_amd64", False),
    ("cp37-abi3-win_amd64", False),
    ("cp39-cp39-win_amd64", True),
    ("cp39-abi3-win_amd64", True),
    ("cp313-cp313t-win_amd64", True),
    ("cp311-cp311-win_arm64", True),
    ("py3-none-win_amd64", True),
]


def needs(tag: str, machine: str, *names: str, **options: Any) -> dict[str, str]:
    """Return where each DLL comes from that a module of a wheel with this tag imports."""
    module = make_pe(machine=machine, imports={name: ["f"] for name in names})
    package = MemoryPackage({"pkg/user.pyd": module}, kind="wheel", wheel=wheel(tag))
    load = predict(world_from_package(package, options=Options(**options)), "pkg/user.pyd")
    return {need.name: need.origin for need in load.needs}


@pytest.mark.parametrize(("tag", "brings"), BRINGS)
def test_the_second_runtime_comes_with_python_from_3_9_on(tag: str, brings: Any) -> None:
    machine = "arm64" if tag.endswith("arm64") else "x86_64"
    found = needs(tag, machine, "VCRUNTIME140.dll", "VCRUNTIME140_1.dll")
    assert found == {
        "VCRUNTIME140.dll": "python-dir",
        "VCRUNTIME140_1.dll": "python-dir" if brings else "system",
    }


@pytest.mark.parametrize(("tag", "brings"), BRINGS)
def test_a_repair_bundles_the_runtime_that_python_does_not_bring(tag: str, brings: Any) -> None:
    names = ["VCRUNTIME140.dll", "VCRUNTIME140_1.dll", "vcruntime140_threads.dll"]
    out = {entry.dll: entry.reason for entry in exclusions(names, companions={}, tags=(tag,))}
    assert set(out) == {"vcruntime140.dll", *(["vcruntime140_1.dll"] if brings else [])}
    assert set(out.values()) == {"provided by Python"}


def test_an_older_python_without_the_redistributable_lacks_it() -> None:
    module = make_pe(imports={"VCRUNTIME140_1.dll": ["__CxxFrameHandler4"]})
    package = MemoryPackage(
        {"pkg/user.pyd": module}, kind="wheel", wheel=wheel("cp37-cp37m-win_amd64")
    )
    load = predict(world_from_package(package, options=Options(msvcp140="none")), "pkg/user.pyd")
    assert (load.verdict, load.winerror, load.cause) == ("fails", 126, "redist")


def test_the_python_asked_for_decides_over_the_tag() -> None:
    found = needs("cp37-abi3-win_amd64", "x86_64", "vcruntime140_1.dll", python="3.12")
    assert found == {"vcruntime140_1.dll": "python-dir"}
