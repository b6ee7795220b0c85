"""A device's plug-in as a part of the wheelhouse: required by label, and said to be a runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlcbuild.build.stamp import Compiler, Stamp, Target
from mlcbuild.wheelhouse.plugins import build_settings, plugin_variant
from mlcbuild.wheelhouse.variants import Ingredients, relabel
from mlcbuild.wheelhouse.wheelfile import WheelFile, headers_of

if TYPE_CHECKING:
    from pathlib import Path

INGREDIENTS = Ingredients(
    libraries={},
    licences={"gcc/copyright": b"GPL", "mingw-w64/copyright": b"MIT"},
    stamp=Stamp(
        configuration="Release",
        generator="Ninja Multi-Config",
        compiler=Compiler(id="GNU", version="12", toolset=None),
        crt="dynamic",
        target=Target(system="Windows", machine="x86_64"),
    ),
    pins={"apache-tvm": "0.26.0+mlcbuild.mingw", "tvm-vulkan": "0.26.0+mlcbuild.mingw"},
)


def wheel(name: str, *headers: str) -> WheelFile:
    lines = ("Metadata-Version: 2.4", f"Name: {name}", "Version: 0.26.0", *headers)
    return WheelFile(
        name=name,
        version="0.26.0",
        tag="py3-none-win_amd64",
        files={f"{name}/lib/x.dll": b"MZ"},
        info={
            "METADATA": "\n".join((*lines, "", "words")).encode(),
            "licenses/NOTICE": b"of the compiler",
            "licenses/tvm/LICENSE": b"Apache",
        },
    )


@pytest.fixture
def plugin() -> WheelFile:
    headers = (
        *("Summary: code generator and runtime", "License-File: NOTICE"),
        *("License-File: tvm/LICENSE", "Requires-Dist: apache-tvm==0.26.0"),
    )
    return plugin_variant(wheel("tvm_vulkan", *headers), INGREDIENTS)


def test_the_plugin_requires_the_sets_own_tvm_by_its_label(plugin: WheelFile) -> None:
    assert plugin.filename == "tvm_vulkan-0.26.0+mlcbuild.mingw-py3-none-win_amd64.whl"
    required = headers_of(plugin.info["METADATA"], "Requires-Dist")
    assert required == ["apache-tvm==0.26.0+mlcbuild.mingw"]


def test_the_plugin_says_that_it_is_a_runtime_and_carries_what_is_in_it(plugin: WheelFile) -> None:
    metadata = plugin.info["METADATA"]
    assert "the runtime alone" in headers_of(metadata, "Summary")[0]
    listed = headers_of(metadata, "License-File")
    assert listed == ["tvm/LICENSE", "mingw-w64/copyright"]
    assert {name.removeprefix("licenses/") for name in plugin.info} == {"METADATA", *listed}


def test_the_extra_of_our_wheel_asks_for_the_sets_own_plugin() -> None:
    made = relabel(
        wheel("mlc_llm", "Requires-Dist: tvm-vulkan==0.26.0; extra == 'vulkan'"), INGREDIENTS
    )
    (required,) = headers_of(made.info["METADATA"], "Requires-Dist")
    assert required.startswith("tvm-vulkan==0.26.0+mlcbuild.mingw;")


@pytest.mark.needs_mingw
def test_the_plugin_is_linked_against_the_libraries_of_the_wheelhouses_build(
    tmp_path: Path,
) -> None:
    libraries = tmp_path / "build" / "win_amd64" / "out"
    settings = build_settings(tmp_path, "vulkan", libraries)
    assert settings["cmake.define.MLCBUILD_WHEELHOUSE_BUILD"] == libraries.as_posix()
    assert settings["wheel.tags"] == "py3-none-win_amd64"
    assert settings["build-dir"] == (tmp_path / "build" / "win_amd64-vulkan").as_posix()
