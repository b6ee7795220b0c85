"""Wheels of another project, built by scikit-build-core with mlcbuild's provider."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from demoproject import CMAKELISTS, PYPROJECT
from mlcbuild.stamp import digest, mismatches, read_stamp
from tinyelf import build_so

if TYPE_CHECKING:
    from pathlib import Path

    from demoproject import Project

INSTALL = 'install(FILES "${CMAKE_SOURCE_DIR}/extra.so" DESTINATION demo)\n'


def stamp_of(wheel: Path) -> dict[str, object]:
    with zipfile.ZipFile(wheel) as archive:
        table: dict[str, object] = json.loads(archive.read("demo/_build.json"))
        return table


def test_an_opted_in_project_gets_a_stamped_release_wheel(project: Project) -> None:
    run = project.build_wheel()
    assert run.code == 0, run.text
    (wheel,) = project.wheels()
    with zipfile.ZipFile(wheel) as archive:
        stamp = read_stamp(archive.read("demo/_build.json"))
        library = digest("demo/libdemo.so", archive.read("demo/libdemo.so"))
    assert (stamp.configuration, stamp.generator) == ("Release", "Ninja Multi-Config")
    assert mismatches(stamp, {library.path: library}) == ()


def test_a_project_without_the_table_is_left_alone(project: Project) -> None:
    project.write("pyproject.toml", PYPROJECT)
    run = project.build_wheel()
    assert run.code == 0, run.text
    (wheel,) = project.wheels()
    with zipfile.ZipFile(wheel) as archive:
        assert "demo/_build.json" not in archive.namelist()
    assert "mlcbuild" not in run.text


def test_a_projects_own_arguments_and_includes_do_not_drop_the_policy(project: Project) -> None:
    project.write("own.cmake", "set(OWN_INCLUDE_RAN ON)\n")
    text = PYPROJECT.replace(
        "[tool.scikit-build]",
        '[tool.scikit-build]\ncmake.args = ["-DOWN=1"]\n'
        'cmake.define.CMAKE_PROJECT_TOP_LEVEL_INCLUDES = "own.cmake"',
    )
    project.write("pyproject.toml", text + "[tool.mlcbuild]\n")
    project.write(
        "CMakeLists.txt",
        CMAKELISTS + "if(NOT OWN OR NOT OWN_INCLUDE_RAN)\n  message(FATAL_ERROR lost)\nendif()\n",
    )
    run = project.build_wheel()
    assert run.code == 0, run.text
    assert stamp_of(project.wheels()[0])["configuration"] == "Release"


@pytest.mark.parametrize("where", ["pyproject", "environment"])
def test_arguments_that_would_drop_the_policy_are_refused(project: Project, where: str) -> None:
    option = "-DCMAKE_PROJECT_TOP_LEVEL_INCLUDES=own.cmake"
    if where == "pyproject":
        text = PYPROJECT.replace(
            "[tool.scikit-build]", f'[tool.scikit-build]\ncmake.args = ["{option}"]'
        )
        project.write("pyproject.toml", text + "[tool.mlcbuild]\n")
        run = project.build_wheel()
    else:
        run = project.build_wheel(CMAKE_ARGS=option)
    assert run.code != 0
    assert "which mlcbuild's policy uses" in run.text
    assert "Traceback" not in run.text
    assert project.wheels() == []


def test_a_cmake_too_old_for_the_policy_is_not_used(project: Project) -> None:
    old = project.write("bin/cmake", '#!/bin/sh\necho "cmake version 3.22.1"\n')
    old.chmod(0o755)
    text = PYPROJECT.replace("[tool.scikit-build]", '[tool.scikit-build]\ncmake.version = ">=3.15"')
    project.write("pyproject.toml", text + "[tool.mlcbuild]\n")
    run = project.build_wheel(CMAKE_EXECUTABLE=str(old))
    assert run.code != 0
    assert ">=3.25" in run.text
    assert project.wheels() == []


def test_a_misspelt_key_is_one_line(project: Project) -> None:
    project.write("pyproject.toml", PYPROJECT + "[tool.mlcbuild.build]\ncompanion = 1\n")
    run = project.build_wheel()
    assert run.code != 0
    assert "[tool.mlcbuild.build] has no key companion; did you mean companions?" in run.text
    assert "Traceback" not in run.text


@pytest.mark.parametrize("generator", ["Ninja", "Unix Makefiles"])
def test_the_users_generator_is_given_its_twin_or_refused(project: Project, generator: str) -> None:
    run = project.build_wheel(CMAKE_GENERATOR=generator)
    if generator == "Ninja":
        assert run.code == 0, run.text
        assert stamp_of(project.wheels()[0])["generator"] == "Ninja Multi-Config"
    else:
        assert "CMAKE_GENERATOR=Unix Makefiles is a single-config generator" in run.text
        assert project.wheels() == []


def test_a_library_for_another_machine_stops_the_wheel(project: Project) -> None:
    build_so(project.folder / "extra.so", machine="arm64")
    project.write("CMakeLists.txt", CMAKELISTS + INSTALL)
    run = project.build_wheel()
    assert run.code != 0
    assert (
        "error[wrong-machine] demo/extra.so: is built for arm64, the wheel is for x86_64"
        in run.text
    )
    assert project.wheels() == []


@pytest.mark.slow
def test_a_missing_dependency_stops_the_wheel_until_its_bringer_is_declared(
    project: Project,
) -> None:
    build_so(project.folder / "extra.so", needed=["libcudart.so.13"])
    project.write("CMakeLists.txt", CMAKELISTS + INSTALL)
    run = project.build_wheel()
    assert run.code != 0
    assert "error[missing-library] demo/extra.so: needs libcudart.so.13" in run.text
    assert project.wheels() == []
    declared = '[tool.mlcbuild.build]\ncompanions = { nvidia-cuda-runtime = ["cudart"] }\n'
    project.write("pyproject.toml", PYPROJECT + declared)
    run = project.build_wheel()
    assert "error[companion-not-required]" in run.text
    text = PYPROJECT.replace(
        'version = "1.0"', 'version = "1.0"\ndependencies = ["nvidia-cuda_runtime>=13"]'
    )
    project.write("pyproject.toml", text + declared)
    run = project.build_wheel()
    assert run.code == 0, run.text
    assert len(project.wheels()) == 1


def test_a_symbol_that_was_never_linked_stops_the_wheel(project: Project) -> None:
    project.write("demo.c", "int elsewhere(void);\nint demo(void) { return elsewhere(); }\n")
    run = project.build_wheel()
    assert run.code != 0
    assert "error[missing-symbol] demo/libdemo.so: needs the symbol elsewhere" in run.text
    assert project.wheels() == []


def test_debug_information_and_debug_containers_stop_the_wheel(project: Project) -> None:
    source = "#include <vector>\nstd::vector<int> f(const std::vector<int> &v) { return v; }\n"
    build_so(
        project.folder / "extra.so",
        source=source,
        language="c++",
        flags=["-g", "-D_GLIBCXX_DEBUG"],
    )
    project.write("CMakeLists.txt", CMAKELISTS + INSTALL)
    run = project.build_wheel()
    assert run.code != 0
    assert "error[debug-info] demo/extra.so" in run.text
    assert "error[debug-crt] demo/extra.so" in run.text
    assert project.wheels() == []


@pytest.mark.slow
def test_debug_is_built_only_by_name_and_only_for_an_editable_install(project: Project) -> None:
    run = project.build_wheel(MLCBUILD_CONFIGURATION="Debug")
    assert run.code != 0
    assert "error[not-release]" in run.text
    assert project.wheels() == []
    run = project.build_wheel("build_editable", MLCBUILD_CONFIGURATION="Debug")
    assert run.code == 0, run.text
    assert stamp_of(project.wheels()[0])["configuration"] == "Debug"


def test_a_build_type_that_the_policy_does_not_build_gives_no_wheel(project: Project) -> None:
    run = project.build_wheel(settings="{'cmake.build-type': 'Debug'}")
    assert run.code != 0
    assert project.wheels() == []


def test_an_install_without_any_library_is_refused(project: Project) -> None:
    project.write("CMakeLists.txt", CMAKELISTS.replace("install(", "# install("))
    run = project.build_wheel()
    assert "error[nothing-built]" in run.text
    assert project.wheels() == []


def test_wheel_install_dir_is_part_of_the_stamped_path(project: Project) -> None:
    text = PYPROJECT.replace(
        "[tool.scikit-build]", '[tool.scikit-build]\nwheel.install-dir = "demo"'
    )
    project.write("pyproject.toml", text + "[tool.mlcbuild]\n")
    project.write("CMakeLists.txt", CMAKELISTS.replace("DESTINATION demo", "DESTINATION ."))
    run = project.build_wheel()
    assert run.code == 0, run.text
    files = stamp_of(project.wheels()[0])["files"]
    assert [file["path"] for file in files] == ["demo/libdemo.so"]  # type: ignore[attr-defined]


def test_two_builds_give_the_same_bytes(project: Project) -> None:
    wheels = []
    for _ in range(2):
        assert project.build_wheel().code == 0
        (wheel,) = project.wheels()
        wheels.append(wheel.read_bytes())
        wheel.unlink()
    assert wheels[0] == wheels[1]


@pytest.mark.slow
def test_programs_among_the_scripts_are_judged_and_stamped_too(project: Project) -> None:
    build_so(project.folder / "tool", machine="arm64")
    install = 'install(PROGRAMS tool DESTINATION "${SKBUILD_SCRIPTS_DIR}")\n'
    project.write("CMakeLists.txt", CMAKELISTS + install)
    run = project.build_wheel()
    assert run.code != 0
    assert "error[wrong-machine] demo-1.0.data/scripts/tool" in run.text
    build_so(project.folder / "tool")
    assert project.build_wheel().code == 0
    assert stamped_is_what_is_there(project.wheels()[0]) == {
        "demo/libdemo.so",
        "demo-1.0.data/scripts/tool",
    }


@pytest.mark.slow
def test_what_is_forced_in_is_judged_and_what_is_excluded_is_not(project: Project) -> None:
    for name in ("forced", "left-out"):
        build_so(project.folder / name / "libx.so", needed=["libnowhere.so"])
    text = PYPROJECT.replace(
        "[tool.scikit-build]",
        '[tool.scikit-build]\nwheel.exclude = ["demo/out/**"]\n'
        'wheel.force-include.forced = "${SKBUILD_PLATLIB_DIR}/demo/in"\n'
        'wheel.force-include."forced/libx.so" = "demo/liby.so"',
    )
    project.write("pyproject.toml", text + "[tool.mlcbuild]\n")
    install = "install(DIRECTORY left-out/ DESTINATION demo/out)\n"
    project.write("CMakeLists.txt", CMAKELISTS + install)
    run = project.build_wheel()
    assert run.code != 0
    assert "error[missing-library] demo/in/libx.so: needs libnowhere.so" in run.text
    assert "error[missing-library] demo/liby.so: needs libnowhere.so" in run.text
    assert "demo/out" not in run.text.partition("error[")[2]
    build_so(project.folder / "forced/libx.so")
    assert project.build_wheel().code == 0
    assert stamped_is_what_is_there(project.wheels()[0]) == {
        "demo/libdemo.so",
        "demo/in/libx.so",
        "demo/liby.so",
    }


def stamped_is_what_is_there(wheel: Path) -> set[str]:
    """Return the stamped paths, after comparing them with every native file of the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        stamp = read_stamp(archive.read("demo/_build.json"))
        contents = {name: archive.read(name) for name in archive.namelist()}
    native = {n: digest(n, d) for n, d in contents.items() if d.startswith(b"\x7fELF")}
    assert mismatches(stamp, native) == ()
    return set(native)
