"""``--trial``: a real build on this machine, and what is said of those that fail."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from commands import run_mlcbuild
from fakemachine import FakeSystem, linux, windows
from mlcbuild.doctor import trial
from mlcbuild.doctor.checks import load_check
from mlcbuild.doctor.checks.trial import trial_command
from mlcbuild.doctor.system import Ran
from mlcbuild.toolchain import CMake, probe

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.doctor.check import Outcome

GOOD: dict[str, Any] = {
    "step": "",
    "message": "",
    "log": [],
    "seconds": 31.5,
    "facts": {
        "configuration": "Release",
        "generator": "Visual Studio 17 2022",
        "compiler": "MSVC 19.44.35211.0",
        "crt": "dynamic",
        "machine": "x86_64",
    },
}


def judged(pc: FakeSystem, answer: str | Ran) -> Outcome:
    pc.answer(pc.python.executable, {" ".join(trial_command(pc)[1:]): answer})
    return load_check("trial").run(pc)


def doctor(**environment: str) -> dict[str, Any]:
    """Run the trial for real; return its entry of the JSON."""
    done = run_mlcbuild("doctor", "--only", "trial", "--trial", "--json", **environment)
    entry: dict[str, Any] = json.loads(done.stdout)["checks"][0]
    assert done.returncode == int(entry["status"] == "fail")
    return entry


@pytest.mark.slow
def test_a_library_is_built_read_back_and_loaded() -> None:
    entry = doctor()
    assert entry["status"] == "ok", entry
    assert "configuration: Release" in entry["evidence"]
    assert "generator: Ninja Multi-Config" in entry["evidence"]


def test_a_compiler_that_does_not_work_is_named_with_its_error(tmp_path: Path) -> None:
    compiler = tmp_path / "c++"
    compiler.write_text("#!/bin/sh\necho 'boom.cc:1: error: no such thing' >&2; exit 1\n")
    compiler.chmod(0o755)
    entry = doctor(CXX=str(compiler))
    assert entry["status"] == "fail"
    assert "failed at build" in entry["finding"]
    assert "boom.cc:1: error: no such thing" in entry["finding"]
    assert "explain" in entry["fix"]


def test_a_trial_that_fits_is_good() -> None:
    outcome = judged(windows(), "pip says something\n" + json.dumps(GOOD) + "\n")
    assert outcome.status == "ok"
    assert "MSVC 19.44" in outcome.finding


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("configuration", "Debug", "configuration Debug"),
        ("crt", "debug", "debug C runtime"),
        ("crt", "static", "static C runtime"),
        ("machine", "x86", "a library for x86, Python is for x86_64"),
    ],
)
def test_a_library_that_is_not_what_was_asked_for(name: str, value: str, said: str) -> None:
    outcome = judged(windows(), json.dumps(GOOD | {"facts": GOOD["facts"] | {name: value}}))
    assert outcome.status == "fail"
    assert said in outcome.finding


def test_a_library_that_does_not_load() -> None:
    broken = GOOD | {"step": "load", "message": "OSError: [WinError 126]", "log": ["Traceback"]}
    outcome = judged(windows(), json.dumps(broken))
    assert "failed at load" in outcome.finding
    assert outcome.fix == 'python -m mlcbuild explain "OSError: [WinError 126]"'


def test_a_trial_that_cannot_run() -> None:
    outcome = judged(linux(), Ran(code=1, err="No module named mlcbuild\n"))
    assert outcome.status == "fail"
    assert "No module named mlcbuild" in outcome.finding


@pytest.mark.parametrize(("version", "isolated"), [((3, 22, 1), True), ((3, 31, 6), False)])
def test_an_old_cmake_is_replaced_by_the_build_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: tuple[int, ...], *, isolated: bool
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], *_: object, **__: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 1, "error: stopped\n")

    monkeypatch.setattr(trial, "_run", run)
    monkeypatch.setattr(probe, "ask_cmake", lambda: CMake(version=version))
    trial.run_trial(tmp_path)
    assert ("--no-build-isolation" not in commands[0]) is isolated


def test_an_environment_of_uv_is_tried_with_uv(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], *_: object, **__: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 1, "error: stopped\n")

    monkeypatch.setattr(trial, "_run", run)
    monkeypatch.setattr(trial, "_importable", lambda *names: names != ("pip",))
    monkeypatch.setattr(trial, "_uv", lambda: "/usr/bin/uv")
    trial.run_trial(tmp_path)
    assert commands[0][:3] == ["/usr/bin/uv", "build", "--wheel"]
