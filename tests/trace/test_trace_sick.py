"""Every sick DLL, loaded by Windows CPython under Wine: the right image, stage and code."""

from __future__ import annotations

import functools
import json
import shutil
from importlib.resources import files
from typing import TYPE_CHECKING

import jsonschema
import pytest
from few import few
from mlcbuild.trace import Options, trace
from mlcbuild.trace.hosts import LabHost
from mlcbuild.trace.report import lines, table
from sickdlls import SICK, make, mend

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlcbuild.lab import Lab
    from mlcbuild.trace import Trace

SCHEMA = json.loads(
    files("mlcbuild.trace").joinpath("schemas", "trace-1.json").read_text(encoding="utf-8")
)
FAST = Options(limit_s=20)
STAGES = {
    "missing-dll": "not-found",
    "debug-crt": "not-found",
    "missing-export": "export",
    "wrong-machine": "image",
    "not-a-pe": "image",
    "mutex-abi": "init",
    "init-failed": "init",
}


def traced(windows: Lab, path: Path, options: Options = FAST) -> Trace:
    found = trace(str(path), LabHost(windows), options)
    jsonschema.validate(table(found), SCHEMA)
    return found


def base(path: str) -> str:
    return path.rpartition("/")[2]


@pytest.fixture(scope="module")
def answers(windows: Lab, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Trace]:
    """Return what traces each case once for the whole module."""

    @functools.cache
    def answer(name: str) -> Trace:
        path = make(name, tmp_path_factory.mktemp(name), top="user.dll")
        return traced(windows, path, Options(limit_s=6 if name.endswith("hangs") else 20))

    return answer


@pytest.mark.parametrize("name", few(name for name in SICK if name != "healthy"))
def test_the_image_the_stage_and_the_code_of_every_sick_dll(
    answers: Callable[[str], Trace], name: str
) -> None:
    sick = SICK[name]
    found = answers(name)

    spelled = {"top": "user.dll"}
    assert not found.loads
    assert found.stage == STAGES[sick.cause]
    assert found.cause == sick.cause
    assert base(found.culprit) == spelled.get(sick.culprit, sick.culprit)
    assert base(found.importer) == spelled.get(sick.importer, sick.importer)
    assert found.winerror == sick.winerror
    assert found.observed == sick.wine_winerror
    assert found.fix
    if sick.symbol:
        assert found.missing == (sick.symbol,)


@pytest.mark.parametrize("name", few(name for name in SICK if SICK[name].exception))
def test_what_an_initialiser_raised_is_told_with_its_place(
    answers: Callable[[str], Trace], name: str
) -> None:
    sick = SICK[name]
    found = answers(name)
    assert found.fault is not None
    assert found.fault.code == sick.exception
    # RaiseException stands in Windows' own DLL; all other faults in the DLL that made them.
    at = "kernelbase.dll" if name == "initialiser-raises" else sick.culprit
    assert base(found.fault.module) == at
    assert any(f"0x{sick.exception:08X}" in line for line in lines(found, verbose=False))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("initialiser-exits", "ended the process with exit code 3"),
        ("initialiser-fails-fast", "STATUS_STACK_BUFFER_OVERRUN"),
        pytest.param("initialiser-hangs", "did not return in", marks=pytest.mark.slow),
        ("initialiser-returns-false", "refused (DllMain returned FALSE)"),
        ("initialiser-overflows-the-stack", "STATUS_STACK_OVERFLOW"),
    ],
)
def test_ways_of_dying_are_told_apart(
    answers: Callable[[str], Trace], name: str, words: str
) -> None:
    assert words in answers(name).reason
    assert "leaf.dll" in answers(name).reason


def test_a_healthy_image_loads_and_nothing_else_is_said(windows: Lab, tmp_path: Path) -> None:
    found = traced(windows, make("healthy", tmp_path))
    assert found.loads
    assert found.observed == 0
    assert len(list(lines(found, verbose=False))) == 2


@pytest.mark.parametrize("name", few(["missing-export", "old-msvcp140", "initialiser-crashes"]))
def test_mending_the_culprit_mends_the_load(windows: Lab, tmp_path: Path, name: str) -> None:
    path = make(name, tmp_path)
    assert not traced(windows, path).loads
    mend(name, tmp_path)
    assert traced(windows, path).loads


def test_what_wine_did_not_say_itself_is_called_predicted(windows: Lab, tmp_path: Path) -> None:
    found = traced(windows, make("missing-export", tmp_path))
    assert found.observed == 0
    assert found.predicted == ("winerror",)
    text = "\n".join(lines(found, verbose=False))
    assert "code     WinError 127, this loader loads it" in text
    assert "not seen here" in text


def test_a_dependency_in_an_added_folder_is_found_there(windows: Lab, tmp_path: Path) -> None:
    path = make("healthy", tmp_path / "main")
    added = tmp_path / "added folder"
    added.mkdir()
    shutil.move(tmp_path / "main" / "leaf.dll", added / "leaf.dll")
    assert base(traced(windows, path).culprit) == "leaf.dll"
    assert traced(windows, path, Options(limit_s=20, add_dirs=(str(added),))).loads


def test_a_path_with_spaces_and_umlauts_is_no_trouble(windows: Lab, tmp_path: Path) -> None:
    path = make("initialiser-crashes", tmp_path / "Käse und Brot", top="über.dll")
    found = traced(windows, path)
    assert found.target == str(path)
    assert base(found.culprit) == "leaf.dll"


def test_a_path_of_300_characters_is_no_trouble(windows: Lab, tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*(letter * 100 for letter in "xyz"))
    folder.mkdir(parents=True)
    found = traced(windows, make("missing-dll", folder))
    assert found.culprit == "leaf.dll"


def test_the_loader_log_tells_loads_exceptions_and_the_end(windows: Lab, tmp_path: Path) -> None:
    path = make("initialiser-illegal-instruction", tmp_path)
    found = traced(windows, path, Options(limit_s=20, loader_log=True))
    kinds = [line.kind for line in found.log]
    loads = [line.text.rpartition("\\")[2] for line in found.log if line.kind == "load"]
    assert {"top.dll", "mid.dll", "leaf.dll"} <= set(loads)
    assert "python311.dll" not in loads  # Python's own start is left out
    (raised,) = (line.text for line in found.log if line.kind == "exception")
    assert raised.startswith("0xC000001D at ")
    assert kinds[-1] == "exit"
