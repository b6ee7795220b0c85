"""The CMake policy by itself, driven by CMake alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from demoproject import CMAKELISTS

if TYPE_CHECKING:
    from demoproject import Project


def test_a_project_builds_one_configuration_into_one_flat_folder(project: Project) -> None:
    assert project.configure().code == 0
    assert project.run("cmake", "--build", "build").code == 0
    assert (project.folder / "build/out/libdemo.so").is_file()
    record = json.loads((project.folder / "build/mlcbuild-build.json").read_text("utf-8"))
    assert record["configuration"] == "Release"
    assert record["generator"] == "Ninja Multi-Config"
    assert record["crt"] == "MultiThreadedDLL"
    assert record["compiler_id"] == "GNU"
    assert record["project"].endswith("prö ject")
    other = project.run("cmake", "--build", "build", "--config", "Debug")
    assert other.code != 0, "no other configuration exists"


@pytest.mark.needs_make
def test_a_generator_without_named_configurations_is_refused_in_one_line(project: Project) -> None:
    for generator in ("Ninja", "Unix Makefiles"):
        run = project.configure(generator=generator, build=f"build-{generator}")
        assert run.code != 0
        assert f'mlcbuild: generator "{generator}" has one unnamed configuration' in run.text


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("-DMLCBUILD_CONFIGURATION=RelWithDebInfo", "is not known: use Release or Debug"),
        ("-DCMAKE_MSVC_RUNTIME_LIBRARY=MultiThreaded", "a process has one C runtime"),
    ],
)
def test_a_setting_against_the_policy_is_refused_in_one_line(
    project: Project, option: str, line: str
) -> None:
    run = project.configure(option)
    assert run.code != 0
    assert line in " ".join(run.text.split())


def test_the_usual_spelling_of_the_same_c_runtime_is_no_contradiction(project: Project) -> None:
    spelt = "MultiThreaded$<$<CONFIG:Debug>:Debug>DLL"
    run = project.configure(f"-DCMAKE_MSVC_RUNTIME_LIBRARY={spelt}")
    assert run.code == 0, run.text


def test_a_projects_own_choices_of_visibility_are_kept(project: Project) -> None:
    project.write("demo.c", "int demo(void) { return 1; }\n")
    project.write("pyproject.toml", "")
    project.configure("-DCMAKE_C_VISIBILITY_PRESET=default")
    project.run("cmake", "--build", "build")
    nm = project.run("nm", "-D", "build/out/libdemo.so")
    assert " T demo" in nm.text


@pytest.mark.parametrize("floor", ["3.5", "3.13", "3.25"])
def test_the_gate_runs_after_the_install_rules_of_subfolders(project: Project, floor: str) -> None:
    project.write(
        "CMakeLists.txt",
        f"cmake_minimum_required(VERSION {floor})\n"
        "project(demo LANGUAGES C)\nadd_subdirectory(sub)\n",
    )
    project.write(
        "sub/CMakeLists.txt",
        "add_library(demo SHARED ../demo.c)\ninstall(TARGETS demo LIBRARY DESTINATION demo)\n",
    )
    assert project.configure("-DMLCBUILD_STAMP_DIR=demo").code == 0
    assert project.run("cmake", "--build", "build").code == 0
    run = project.run("cmake", "--install", "build", "--prefix", "stage")
    assert run.code == 0, run.text
    stamp = json.loads((project.folder / "stage/demo/_build.json").read_bytes())
    assert [file["path"] for file in stamp["files"]] == ["demo/libdemo.so"]


def test_a_source_that_asks_for_an_ancient_cmake_still_configures(project: Project) -> None:
    project.write("old/CMakeLists.txt", "cmake_minimum_required(VERSION 3.1)\nproject(old C)\n")
    project.write("CMakeLists.txt", CMAKELISTS + "add_subdirectory(old)\n")
    run = project.configure()
    assert run.code == 0, run.text


def test_a_staged_install_with_destdir_is_stamped_where_it_lies(project: Project) -> None:
    project.configure("-DMLCBUILD_STAMP_DIR=demo", "-DCMAKE_INSTALL_PREFIX=/opt/demo")
    project.run("cmake", "--build", "build")
    destdir = str(project.folder / "dest")
    run = project.run("cmake", "--install", "build", DESTDIR=destdir)
    assert run.code == 0, run.text
    assert (project.folder / "dest/opt/demo/demo/_build.json").is_file()


def test_with_several_components_only_the_complete_tree_is_judged(project: Project) -> None:
    project.write(
        "CMakeLists.txt",
        """
cmake_minimum_required(VERSION 3.20)
project(demo LANGUAGES C)
add_library(base SHARED demo.c)
add_library(demo SHARED demo.c)
target_link_options(demo PRIVATE "LINKER:--no-as-needed")
target_link_libraries(demo PRIVATE base)
install(TARGETS demo LIBRARY DESTINATION demo COMPONENT first)
install(TARGETS base LIBRARY DESTINATION demo COMPONENT second)
""",
    )
    project.configure("-DMLCBUILD_STAMP_DIR=demo", "-DMLCBUILD_LAST_COMPONENT=second")
    project.run("cmake", "--build", "build")
    install = ["cmake", "--install", "build", "--prefix", "stage", "--strip", "--component"]
    assert project.run(*install, "first").code == 0
    assert not (project.folder / "stage/demo/_build.json").exists()
    assert project.run(*install, "second").code == 0
    stamp = json.loads((project.folder / "stage/demo/_build.json").read_bytes())
    assert [file["path"] for file in stamp["files"]] == ["demo/libbase.so", "demo/libdemo.so"]


def test_the_same_source_gives_the_same_bytes_in_any_folder(project: Project) -> None:
    project.write("demo.c", 'const char *where(void) { return __FILE__; }\n#include "x/y.h"\n')
    project.write("x/y.h", '__attribute__((visibility("default"))) int n(void) { return 7; }\n')
    project.write(
        "CMakeLists.txt",
        "cmake_minimum_required(VERSION 3.20)\nproject(demo LANGUAGES C)\n"
        "add_library(base SHARED x/y.c)\nadd_library(demo SHARED demo.c)\n"
        'target_link_options(demo PRIVATE "LINKER:--no-as-needed")\n'
        "target_link_libraries(demo PRIVATE base)\n",
    )
    project.write("x/y.c", "int base(void) { return 1; }\n")
    images = []
    for build in ("build", "a much/deeper/folder"):
        assert project.configure("-DCMAKE_C_FLAGS=-g", build=build).code == 0
        assert project.run("cmake", "--build", build).code == 0
        images.append((project.folder / build / "out/libdemo.so").read_bytes())
    assert images[0] == images[1]
    assert str(project.folder.parent).encode() not in images[0]


def test_without_any_python_the_policy_says_which_variable_to_set(project: Project) -> None:
    run = project.configure("-DMLCBUILD_PYTHON=")
    assert run.code != 0
    assert "set MLCBUILD_PYTHON" in run.text
