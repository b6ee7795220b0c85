"""``-C launcher=sccache``: the same bytes, and objects that are found again from another folder."""

from __future__ import annotations

import json
import shutil
import socket
import sysconfig
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

import pytest
from demoproject import Project
from mlcbuild.builder.unchanged import (
    crates_folder,
    launcher_define,
    launcher_environment,
    launcher_generator,
)
from mlcbuild.errors import UsageError
from needs import program

if TYPE_CHECKING:
    from collections.abc import Iterator

SCCACHE = Path(sysconfig.get_path("scripts"), "sccache")
CLANG_CL = """
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR AMD64)
set(CMAKE_C_COMPILER clang-cl)
set(CMAKE_C_COMPILER_TARGET x86_64-pc-windows-msvc)
set(CMAKE_LINKER lld-link)
set(CMAKE_AR llvm-lib)
set(CMAKE_MT llvm-mt)
set(CMAKE_RC_COMPILER llvm-rc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_STANDARD_LIBRARIES "")
"""
LISTS = """
cmake_minimum_required(VERSION 3.25)
project(demo LANGUAGES C)
add_library(demo OBJECT demo.c)
"""


@pytest.fixture
def cached(project: Project, tmp_path: Path) -> Iterator[Project]:
    """Return the project with a cache of its own, whose server ends with the test."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = str(asked.getsockname()[1])
    cache = {"SCCACHE_DIR": str(tmp_path / "cache"), "SCCACHE_SERVER_PORT": port}
    made = Project(folder=project.folder, env={**project.env, **cache})
    made.write("demo.c", "const char* demo(void) { return __FILE__; }\n")
    made.write("CMakeLists.txt", LISTS)
    assert made.run(SCCACHE, "--start-server").code == 0
    yield made
    made.run(SCCACHE, "--stop-server")


def compiled(project: Project, *options: str, launcher: str = "") -> bytes:
    """Return the one object of a build from nothing."""
    shutil.rmtree(project.folder / "b", ignore_errors=True)
    launchers = [f"-DCMAKE_C_COMPILER_LAUNCHER={launcher}"] if launcher else []
    run = project.configure(*options, *launchers, "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", build="b")
    assert run.code == 0, run.text
    run = project.run("cmake", "--build", "b", "--config", "Release")
    assert run.code == 0, run.text
    (made,) = (each for each in (project.folder / "b").rglob("demo.c.*") if each.suffix[:2] == ".o")
    return made.read_bytes()


def hits(project: Project) -> int:
    run = project.run(SCCACHE, "--show-stats", "--stats-format", "json")
    return sum(json.loads(run.text)["stats"]["cache_hits"]["counts"].values())


def elsewhere(project: Project) -> Project:
    folder = project.folder.parent / "a folder with a longer name" / "in it"
    shutil.copytree(project.folder, folder, ignore=shutil.ignore_patterns("b"))
    return Project(folder=folder, env=project.env)


@pytest.mark.parametrize("compiler", ["this system's", "clang-cl"])
def test_an_object_is_found_again_from_another_folder_with_the_same_bytes(
    cached: Project, tmp_path: Path, compiler: str
) -> None:
    options: list[str] = []
    if compiler == "clang-cl":
        for tool in ("lld-link", "llvm-rc", "llvm-mt"):
            program(tool)
        (tmp_path / "tools").mkdir()
        (tmp_path / "tools" / "clang-cl").symlink_to(program("clang"))
        cached.env["PATH"] = f"{tmp_path / 'tools'}:{cached.env['PATH']}"  # type: ignore[index]
        cached.write("clang-cl.cmake", CLANG_CL)
        options.append("-DCMAKE_TOOLCHAIN_FILE=clang-cl.cmake")
    plain = compiled(cached, *options)
    before = hits(cached)
    assert compiled(cached, *options, launcher=str(SCCACHE)) == plain
    assert hits(cached) == before
    assert compiled(elsewhere(cached), *options, launcher=str(SCCACHE)) == plain
    assert hits(cached) == before + 1


def test_debug_information_of_cl_goes_into_the_objects_which_a_cache_can_keep(
    cached: Project, tmp_path: Path
) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "clang-cl").symlink_to(program("clang"))
    cached.env["PATH"] = f"{tmp_path / 'tools'}:{cached.env['PATH']}"  # type: ignore[index]
    cached.write("clang-cl.cmake", CLANG_CL)
    debug = ("-DCMAKE_TOOLCHAIN_FILE=clang-cl.cmake", "-DMLCBUILD_CONFIGURATION=Debug")
    run = cached.configure(
        *debug, f"-DCMAKE_C_COMPILER_LAUNCHER={SCCACHE}", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"
    )
    assert run.code == 0, run.text
    commands = (cached.folder / "build" / "compile_commands.json").read_text(encoding="utf-8")
    assert "-Z7" in commands
    assert "-Zi" not in commands


def test_the_launcher_is_named_as_it_was_given_and_an_absent_one_is_refused() -> None:
    names = ("CMAKE_C_COMPILER_LAUNCHER", "CMAKE_CXX_COMPILER_LAUNCHER")
    assert launcher_define("cmake", {}) == dict.fromkeys(names, "cmake")
    with pytest.raises(UsageError, match="there is no such program on PATH"):
        launcher_define("no-such-cache", {})


def test_without_a_launcher_the_environment_says_it_and_last_times_is_forgotten() -> None:
    names = ("CMAKE_C_COMPILER_LAUNCHER", "CMAKE_CXX_COMPILER_LAUNCHER")
    assert launcher_define("", {}) == dict.fromkeys(names, "")
    assert launcher_define("", {names[1]: "ccache"}) == {names[0]: "", names[1]: "ccache"}


def test_sccache_compiles_rust_too_and_leaves_out_the_projects_folder() -> None:
    folder = Path("/some/project")
    told = launcher_environment("/opt/sccache", folder, {})
    assert told == {"RUSTC_WRAPPER": "/opt/sccache", "SCCACHE_BASEDIRS": str(folder)}
    mine = {"SCCACHE_BASEDIRS": "/mine"}
    assert launcher_environment("sccache", folder, mine)["SCCACHE_BASEDIRS"] == "/mine"
    assert launcher_environment("ccache", folder, {}) == {}
    assert launcher_environment("", folder, {}) == {}


def test_crates_lie_in_one_place_for_all_checkouts_where_sccache_takes_rustc() -> None:
    assert crates_folder("sccache", PureWindowsPath(r"C:\cache")) == "C:/cache/cargo"
    assert crates_folder("ccache", Path("/cache")) == ""
    assert crates_folder("", Path("/cache")) == ""


def test_on_windows_a_launcher_asks_for_ninja_where_nobody_named_a_generator() -> None:
    asked = {"cmake.define.CMAKE_GENERATOR": "Ninja Multi-Config"}
    visual_studio = {"CMAKE_GENERATOR": "Visual Studio 17 2022"}
    assert launcher_generator("sccache", {}, "win32") == asked
    assert launcher_generator("sccache", visual_studio, "win32") == {}
    assert launcher_generator("", {}, "win32") == {}


def test_elsewhere_the_stamp_is_the_same_with_and_without_a_launcher() -> None:
    assert launcher_generator("sccache", {}, "linux") == {}
