"""Machines with a problem, described by a fake System: each must be reported with one fix."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import mlcbuild.doctor.checks
import pytest
from fakemachine import (
    CMAKE,
    GIT,
    SITE,
    VSWHERE,
    FakeSystem,
    install,
    linux,
    set_cmake,
    set_redist,
    set_visual_studios,
    windows,
)
from mlcbuild.doctor import as_text
from mlcbuild.doctor.check import Check
from mlcbuild.doctor.checks import CHECKS, load_check
from mlcbuild.doctor.runner import examine
from mlcbuild.doctor.system import Ran
from pefactory import make_pe
from sickmachines import SICK, Sick, build_tree, debug_dll, release_dll
from windowsmachines import visual_studio

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlcbuild.doctor.check import Result

#: Those that are mine to test here; runtime DLLs and GPU have their own files.
GROUPS = ("toolchain", "python", "paths")


def problems(machine: FakeSystem, **options: bool) -> dict[str, Result]:
    """Examine a machine; return the checks that have something to say."""
    only = (*GROUPS, *(name for name, asked in options.items() if asked))
    results = examine(machine, only=only, **options).results
    return {result.id: result for result in results if result.problem}


@pytest.mark.parametrize("make", [windows, linux])
def test_a_healthy_machine_is_silent(make: Callable[[], FakeSystem]) -> None:
    assert [r for r in examine(make()).results if r.problem] == []


def test_a_healthy_machine_gets_a_line_a_group() -> None:
    lines = as_text.render(examine(windows())).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "ok    toolchain",
        "ok    python",
        "ok    paths",
        "ok    runtime DLLs",
        "ok    GPU",
        "ready to build",
    ]


def test_a_problem_shows_finding_evidence_and_fix() -> None:
    pc = windows()
    pc.env["TVM_HOME"] = "C:\\gone\x1b[31m"
    lines = as_text.render(examine(pc, only=["source-variables"])).splitlines()
    assert lines == [
        "fail  paths: 1 check, 1 to look at",
        r"  fail  source-variables: TVM_HOME=C:\gone\x1b[31m names a missing folder",
        r"          TVM_HOME=C:\gone\x1b[31m",
        "          fix: set TVM_HOME=",
        "not ready: 1 problem",
    ]


def test_every_check_is_in_the_table() -> None:
    named = [item for modules in CHECKS.values() for item in modules.items()]
    folder = Path(mlcbuild.doctor.checks.__file__).parent
    found = {
        (name.replace("_", "-"), path.stem)
        for path in folder.glob("[a-z]*.py")
        for name, value in vars(import_module(f"mlcbuild.doctor.checks.{path.stem}")).items()
        if isinstance(value, Check)
    }
    assert found == set(named)
    assert len(found) == len(named)


@pytest.mark.parametrize("category", CHECKS)
def test_a_check_says_what_it_is_for_and_where_it_comes_from(category: str) -> None:
    for check_id in CHECKS[category]:  # type: ignore[index]
        check = load_check(check_id)
        assert check.title
        assert check.why
        assert check.source


@pytest.mark.parametrize("sick", SICK, ids=[sick.name for sick in SICK])
def test_a_sick_machine_is_named_with_its_fix(sick: Sick) -> None:
    found = problems(sick.make())
    assert sick.check in found, found
    result = found[sick.check]
    assert result.status == sick.status
    assert sick.fix in result.fix
    assert "\n" not in result.finding
    assert set(found) == {sick.check, *sick.also}


def test_there_are_more_than_forty_sick_machines_and_every_check_has_one() -> None:
    assert len(SICK) > 40
    ids = {check_id for group in GROUPS for check_id in CHECKS[group]}  # type: ignore[index]
    assert {sick.check for sick in SICK} == ids


# ------------------------------------------------------------------------ machines that are fine
def test_conda_environments_are_fine() -> None:
    pc = windows()
    prefix = r"C:\miniconda3\envs\mlc"
    pc.with_python(
        executable=rf"{prefix}\python.exe",
        prefix=prefix,
        base_prefix=prefix,
        site_packages=(rf"{prefix}\Lib\site-packages",),
    )
    del pc.env["VIRTUAL_ENV"]
    pc.put_folder(rf"{prefix}\conda-meta").put(rf"{prefix}\Lib\site-packages\pip\__init__.py")
    pc.env["CONDA_PREFIX"] = prefix
    pc.program(r"C:\miniconda3\Library\usr\bin\link.exe")
    assert problems(pc) == {}


def test_the_newest_visual_studio_with_the_newest_cmake_is_fine() -> None:
    pc = windows()
    set_visual_studios(pc, visual_studio(2026), visual_studio(2022), toolset="14.50.35503")
    set_cmake(pc, "4.4.0")
    assert problems(pc) == {}


def test_a_matching_developer_prompt_is_fine() -> None:
    pc = windows()
    tools = r"C:\VS\VC\Tools\MSVC\14.44.35207\bin\Hostx64\x64"
    pc.program(rf"{tools}\cl.exe", first=True).program(rf"{tools}\link.exe", first=True)
    pc.program(r"C:\Program Files\Git\usr\bin\link.exe")
    pc.env |= {"VCINSTALLDIR": "C:\\VS\\VC\\", "VSCMD_ARG_TGT_ARCH": "x64"}
    pc.put_folder(r"C:\VS\VC")
    assert problems(pc) == {}


def test_dead_and_unreadable_entries_of_path_are_no_problem() -> None:
    pc = windows()
    pc.env["PATH"] = rf'Z:\gone;"C:\quoted tools";C:\locked;{pc.env["PATH"]};;C:\no:such'
    pc.put_folder(r"C:\locked").unreadable.add(r"C:\locked")
    assert problems(pc) == {}


def test_who_only_runs_a_wheel_needs_no_compiler() -> None:
    pc = windows()
    for path in (VSWHERE, GIT, CMAKE, r"C:\Users\ada\.cargo", r"C:\Program Files (x86)"):
        pc.remove(path)
    pc.registry_values = {k: v for k, v in pc.registry_values.items() if "Kits" not in k}
    found = problems(pc)
    assert set(found) == {"msvc", "git", "cargo"}
    install(pc, "mlc-llm", "0.20.0.dev0", "psutil")
    install(pc, "psutil", "6.0.0")
    assert set(problems(pc)) == {"jit-compiler"}
    assert "ready to run, with 1 warning" in as_text.render(examine(pc, only=GROUPS))
    pc.put(r"C:\src\mlc\pyproject.toml")
    assert "msvc" in problems(pc)


def test_a_linux_machine_without_cross_tools_is_fine() -> None:
    pc = linux().remove("/usr/bin/x86_64-w64-mingw32-g++-posix").remove("/usr/bin/wine")
    assert problems(pc) == {}


def test_a_build_folder_of_ours_is_fine() -> None:
    pc = windows()
    build = build_tree(
        pc,
        CMAKE_GENERATOR="Visual Studio 17 2022",
        CMAKE_CONFIGURATION_TYPES="Release",
        CMAKE_CACHEFILE_DIR="c:/src/mlc/build",
        CMAKE_HOME_DIRECTORY="C:/src/mlc",
    )
    pc.put(pc.join(build, "out", "mlc_llm.dll"), release_dll())
    assert problems(pc) == {}


def test_a_debug_build_beside_the_release_build_is_fine() -> None:
    pc = windows()
    build = build_tree(pc, CMAKE_GENERATOR="Ninja")
    pc.put(pc.join(build, "Debug", "mlc_llm.dll"), debug_dll())
    pc.put(pc.join(build, "Release", "mlc_llm.dll"), release_dll())
    assert problems(pc) == {}


def test_an_installed_family_that_fits_is_fine() -> None:
    pc = windows()
    install(pc, "mlc-llm", "0.20.0.dev0+tvm0.26.0", "apache-tvm==0.26.0", "psutil>=5.9")
    install(pc, "apache-tvm", "0.26.0", "apache-tvm-ffi>=0.1.13.post2", "torch; extra == 'all'")
    install(pc, "apache-tvm-ffi", "0.1.13.post2")
    install(pc, "psutil", "6.0.0")
    pc.program(r"C:\Program Files\LLVM\bin\clang.exe")
    pc.env["TVM_WIN_TARGET"] = "x86_64-pc-windows-msvc"
    assert problems(pc) == {}


def test_no_check_starts_the_same_program_twice_over() -> None:
    pc = windows()
    examine(pc)
    assert all(Path(command[0].replace("\\", "/")).suffix == ".exe" for command in pc.commands)


# ------------------------------------------------------------------------ network
def networked(listing: str = "") -> FakeSystem:
    pc = linux()
    pc.answer(pc.python.executable, {"-m pip config list": listing})
    pc.program(
        "/usr/bin/git",
        {
            "--version": "git version 2.39.5",
            "ls-remote --exit-code https://github.com/mlc-ai/mlc-llm HEAD": "79d603f HEAD\n",
        },
    )
    return pc


def test_the_network_is_not_asked_unless_wanted() -> None:
    pc = networked()
    examine(pc)
    assert pc.proxies == []
    assert not any("ls-remote" in command for command in pc.commands)


def test_a_reachable_network_is_silent() -> None:
    assert problems(networked(), network=True) == {}


def test_an_index_behind_a_dead_proxy() -> None:
    pc = networked("global.proxy='http://ada:secret@proxy:3128'\n")
    pc.dead_hosts["https://pypi.org/"] = "connection refused"
    result = problems(pc, network=True)["package-index"]
    assert result.status == "fail"
    assert "connection refused" in result.finding
    assert "global.proxy" in result.fix
    assert "secret" not in repr(result)
    assert pc.proxies == ["http://ada:secret@proxy:3128"]


def test_an_index_with_a_foreign_certificate() -> None:
    pc = networked()
    pc.dead_hosts["https://pypi.org/"] = "[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"
    assert "global.cert" in problems(pc, network=True)["package-index"].fix


def test_a_git_host_that_cannot_be_reached() -> None:
    pc = networked()
    pc.program(
        "/usr/bin/git",
        {
            "--version": "git version 2.39.5",
            "ls-remote --exit-code https://github.com/mlc-ai/mlc-llm HEAD": Ran(
                code=128, err="fatal: unable to access: Could not resolve host\n"
            ),
        },
    )
    result = problems(pc, network=True)["git-host"]
    assert "Could not resolve host" in result.finding
    assert "http.proxy" in result.fix


def test_a_mirror_that_is_gone() -> None:
    pc = networked()
    pc.env["MLCBUILD_MIRROR"] = "/mnt/mirror"
    assert problems(pc, network=True)["git-host"].fix == "unset MLCBUILD_MIRROR"


# ------------------------------------------------------------------------ the first user's story
def first_users_machine() -> FakeSystem:
    """Visual Studio's generator without --config, an editable install, DLLs in Debug."""
    pc = windows()
    pc.folder = r"C:\src\mlc-llm"
    build = build_tree(
        pc,
        CMAKE_GENERATOR="Visual Studio 17 2022",
        CMAKE_BUILD_TYPE="Release",
        CMAKE_CONFIGURATION_TYPES="Debug;Release;MinSizeRel;RelWithDebInfo",
        CMAKE_CACHEFILE_DIR="c:/src/mlc-llm/build",
        CMAKE_HOME_DIRECTORY="C:/src/mlc-llm",
    )
    pc.put(pc.join(build, "config.cmake"), "set(CMAKE_BUILD_TYPE RelWithDebInfo)\n")
    pc.put(pc.join(build, "Debug", "mlc_llm.dll"), debug_dll())
    pc.put(pc.join(build, "tvm", "Debug", "tvm_runtime.dll"), debug_dll())
    install(pc, "mlc-llm", "0.20.0.dev0", "psutil", editable=pc.folder)
    install(pc, "psutil", "6.0.0")
    return pc


def test_the_first_users_causes_are_all_named_by_the_doctor_alone() -> None:
    found = problems(first_users_machine())
    assert "ignores CMAKE_BUILD_TYPE=Release" in found["build-configuration"].finding
    assert "RelWithDebInfo, overriding" in found["config-cmake"].finding
    assert "is a Debug build" in found["debug-libraries"].finding
    assert "is in Debug, which is not searched" in found["editable-install"].finding
    for check_id in ("debug-libraries", "editable-install"):
        assert found[check_id].fix == r"cmake --build C:\src\mlc-llm\build --config Release"


def test_the_first_users_1114_is_named_with_its_cause() -> None:
    pc = first_users_machine()
    set_redist(pc, (14, 29, 30139, 0))
    info = install(pc, "apache-tvm", "0.26.0")
    dll = make_pe(imports={"MSVCP140.dll": ["_Mtx_lock"]}, rich=[(0x105, 35211)], linker=(14, 44))
    pc.put(rf"{SITE}\tvm\lib\tvm_runtime.dll", dll)
    pc.put(rf"{info}\RECORD", "tvm/lib/tvm_runtime.dll,sha256=x,1\n")
    found = {result.id: result for result in examine(pc).results if result.problem}
    assert "1114" in found["vc-redist"].finding
    assert "14.29" in repr(found["vc-redist"])
    assert found["vc-redist"].fix.startswith("winget install")
    causes = {"build-configuration", "config-cmake", "debug-libraries", "editable-install"}
    assert {*causes, "vc-redist"} <= set(found)
    assert examine(pc).exit_code() == 1


@pytest.mark.parametrize("make", [windows, linux])
def test_a_chat_only_install_is_told_and_no_fault(make: Callable[[], FakeSystem]) -> None:
    pc = make()
    install(pc, "apache-tvm", "0.26.0+mlcbuild.runtime")
    (found,) = examine(pc, only=("jit-compiler",)).results
    assert found.status == "ok"
    assert "it runs models but cannot compile them" in found.finding
