"""A CMake toolchain file decides the compiler only where it names one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlcbuild.toolchain import NINJA, choose, read_overrides
from mlcbuild.toolchain.compilers import names_compiler
from windowsmachines import machine, visual_studio

if TYPE_CHECKING:
    from pathlib import Path

VCPKG = "C:/vcpkg/scripts/buildsystems/vcpkg.cmake"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("set(CMAKE_CXX_COMPILER clang-cl)", True),
        ("SET( CMAKE_C_COMPILER x86_64-w64-mingw32-gcc )", True),
        ("set(CMAKE_SYSTEM_NAME Android)", True),
        ("# set(CMAKE_CXX_COMPILER clang-cl)", False),
        ("set(CMAKE_PREFIX_PATH C:/libs)", False),
        ("set(CMAKE_CXX_COMPILER_LAUNCHER ccache)", False),
        ("", False),
    ],
)
def test_a_file_names_a_compiler_or_leaves_it(text: str, *, names: bool) -> None:
    assert names_compiler("C:/t.cmake", lambda _: text) is names


def test_a_file_that_cannot_be_read_is_taken_at_its_word() -> None:
    assert names_compiler("C:/t.cmake", lambda _: None)


def test_a_file_may_take_the_compiler_from_one_beside_it() -> None:
    files = {
        "C:/t/a.cmake": 'include("${CMAKE_CURRENT_LIST_DIR}/b.cmake")',
        "C:/t/b.cmake": "include(${CMAKE_CURRENT_LIST_DIR}/a.cmake)\nset(CMAKE_C_COMPILER x)",
    }
    assert names_compiler("C:/t/a.cmake", files.get)
    files["C:/t/b.cmake"] = "include(${CMAKE_CURRENT_LIST_DIR}/a.cmake)"
    assert not names_compiler("C:/t/a.cmake", files.get)


@pytest.mark.parametrize(
    "env",
    [
        {"CMAKE_TOOLCHAIN_FILE": VCPKG},
        {"CMAKE_ARGS": f"-DCMAKE_TOOLCHAIN_FILE={VCPKG}"},
        {"CMAKE_ARGS": f"--toolchain {VCPKG}"},
        {"CMAKE_TOOLCHAIN_FILE": "C:/build/conan_toolchain.cmake"},
    ],
)
def test_a_file_of_packages_leaves_the_choice_to_the_build(env: dict[str, str]) -> None:
    choice = choose(machine(visual_studio(2022)), read_overrides(env=env))
    assert choice.generator == "Visual Studio 17 2022"
    assert choice.family == "msvc"


def test_the_file_that_vcpkg_takes_in_decides(tmp_path: Path) -> None:
    file = tmp_path / "clang.cmake"
    file.write_text("set(CMAKE_CXX_COMPILER clang-cl)")
    env = {"CMAKE_ARGS": f"-DCMAKE_TOOLCHAIN_FILE={VCPKG} -DVCPKG_CHAINLOAD_TOOLCHAIN_FILE={file}"}
    choice = choose(machine(visual_studio(2022)), read_overrides(env=env))
    assert (choice.generator, choice.family) == (NINJA, "file")


def test_a_visual_studio_that_waits_for_a_restart_says_so() -> None:
    waiting = visual_studio(2022, complete=False) | {"isRebootRequired": True}
    choice = choose(machine(waiting, visual_studio(2019)), read_overrides(env={}))
    assert any("needs a restart" in reason for reason in choice.reasons)
