"""``--fix``: what is safe and can be undone, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import mlcbuild.doctor
from fakemachine import GIT, FakeSystem, linux, windows
from mlcbuild.doctor.repairs import Repaired, repair
from mlcbuild.doctor.runner import examine
from mlcbuild.doctor.system import Ran
from sickmachines import SICK, build_tree


def fix(pc: FakeSystem, *, dry_run: bool = False) -> dict[str, Repaired]:
    only = ("toolchain", "python", "paths")
    results = examine(pc, only=only).results
    return {one.id: one for one in repair(results, pc, dry_run=dry_run)}


def without_long_paths() -> FakeSystem:
    answers = {
        "--version": "git version 2.47.1",
        "lfs version": Ran(code=1),
        "config --get core.longpaths": Ran(code=1),
        "config --global core.longpaths true": "",
    }
    return windows().program(GIT, answers)


def test_git_learns_long_paths() -> None:
    pc = without_long_paths()
    done = fix(pc)["git-long-paths"]
    assert done.outcome == "done"
    assert done.undo == "git config --global --unset core.longpaths"
    assert (GIT, "config", "--global", "core.longpaths", "true") in pc.commands


def test_a_dry_run_changes_nothing() -> None:
    pc = without_long_paths()
    assert fix(pc, dry_run=True)["git-long-paths"].outcome == "would be done"
    assert not any("--global" in command for command in pc.commands)


def test_a_stale_config_is_renamed_and_nothing_is_lost() -> None:
    pc = windows()
    build = build_tree(pc, CMAKE_GENERATOR="Ninja")
    pc.put(pc.join(build, "config.cmake"), "set(CMAKE_BUILD_TYPE Debug)\n")
    pc.put(pc.join(build, "config.cmake.1.bak"), "an older backup\n")
    done = fix(pc)["config-cmake"]
    assert done.outcome == "done"
    assert pc.text(pc.join(build, "config.cmake.2.bak")) == "set(CMAKE_BUILD_TYPE Debug)\n"
    assert pc.text(pc.join(build, "config.cmake.1.bak")) == "an older backup\n"
    assert "config.cmake.2.bak" in done.undo
    assert "config-cmake" not in {r.id for r in examine(pc).results if r.problem}


def test_a_missing_tool_is_installed_into_an_active_environment() -> None:
    pc = linux()
    pc.program("/usr/bin/ninja", {"--version": Ran(code=1)})
    pc.answer(pc.python.executable, {"-m pip install ninja": "Successfully installed"})
    assert fix(pc)["ninja"].outcome == "done"
    assert fix(pc)["ninja"].undo == "python -m pip uninstall -y ninja"


def test_nothing_is_installed_outside_an_environment() -> None:
    pc = linux()
    pc.program("/usr/bin/ninja", {"--version": Ran(code=1)})
    pc.with_python(base_prefix=pc.python.prefix)
    assert "ninja" not in fix(pc)


def test_a_repair_that_fails_says_why() -> None:
    pc = linux()
    pc.program("/usr/bin/ninja", {"--version": Ran(code=1)})
    pc.answer(pc.python.executable, {"-m pip install ninja": Ran(code=1, err="no index\n")})
    assert fix(pc)["ninja"].outcome == "no index"


def test_no_repair_touches_the_registry_or_deletes() -> None:
    for sick in SICK:
        for result in examine(sick.make(), only=[sick.check]).results:
            if result.repair is not None:
                words = " ".join(result.repair.command)
                assert not re.search(r"\breg\b|\brm\b|rmdir|Remove-Item|\bdel\b", words)
                assert result.repair.undo


def test_the_code_that_can_delete_or_write_the_registry_is_not_there() -> None:
    folder = Path(mlcbuild.doctor.__file__).parent
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    assert not re.search(r"SetValue|CreateKey|DeleteKey|\.unlink\(|rmtree|os\.remove", text)
