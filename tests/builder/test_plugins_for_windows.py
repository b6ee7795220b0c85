"""Plug-ins for another system: which there are, and which sources a build of them takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlcbuild.builder.locked_sources import components_for
from mlcbuild.builder.project import read_project
from mlcbuild.cli import main
from mlcbuild.sources.lock import load

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("device", "own"),
    [
        ("vulkan", {"vulkan-headers", "spirv-headers", "spirv-tools"}),
        ("opencl", {"opencl-headers"}),
    ],
)
def test_import_libraries_of_windows_are_fetched_for_windows_alone(
    device: str, own: set[str]
) -> None:
    lock = load(ROOT / "3rdparty" / "sources.toml")
    project = read_project(ROOT / "plugins" / device)
    here = {each.name for each in components_for(lock, project, "").components}
    there = {each.name for each in components_for(lock, project, "win_amd64").components}
    assert here == {"tvm", "tvm-ffi", *own}
    assert there - here == {"tvm-windows", "tvm-ffi-windows"}


def test_the_wheel_of_the_cpu_takes_nothing_of_a_devices() -> None:
    lock = load(ROOT / "3rdparty" / "sources.toml")
    names = {component.name for component in lock.needed_for("win_amd64", "free-sdk").components}
    assert names.isdisjoint({"tvm-windows", "vulkan-headers", "opencl-headers", "spirv-tools"})
    with_vulkan = {component.name for component in lock.needed_for("vulkan").components}
    assert "vulkan-headers" in with_vulkan
    assert "spirv-tools" not in with_vulkan


@pytest.mark.parametrize(
    ("device", "said"),
    [
        ("cuda", "the CUDA runtime is part of PyPI's apache-tvm: no extra wheel is needed"),
        ("vulkan,metal", "metal is not supported for win_amd64: use --device vulkan or opencl"),
    ],
)
def test_a_device_without_a_plugin_is_refused_before_anything_is_made(
    device: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["wheel", "--target", "win_amd64", "--sdk", "free", "--device", device]
    assert main([*words, "--project", str(ROOT)]) == 2
    assert said in capsys.readouterr().err
