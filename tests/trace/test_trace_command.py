from __future__ import annotations

import json
import sys
from importlib.resources import files
from typing import TYPE_CHECKING

import jsonschema
import pytest
from mlcbuild.cli import main
from sickdlls import make
from toolkitinside import bring_needs, run_inside

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.lab import Lab

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="what it says where it cannot run")


def test_where_it_cannot_run_it_says_so_and_offers_check(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["trace", "x.dll"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert "needs Windows" in said.err
    assert "mlcbuild check x.dll" in said.err


@pytest.mark.parametrize(
    ("target", "code", "told"),
    [
        ("x-1-py3-none-win_amd64.whl", 2, "mlcbuild verify x-1-py3-none-win_amd64.whl"),
        ("tool.exe", 2, "mlcbuild check tool.exe predicts its start"),
        ("./folder", 2, "name a .dll or .pyd in it"),
        ("installed:numpy", 2, "mlcbuild check installed:numpy predicts it"),
        ("https://host/x.dll", 3, "curl -LO https://host/x.dll"),
        ("mlc-llm", 3, "mlcbuild trace mlc_llm"),
        ("libx.so", 3, "name the .dll, the .pyd"),
    ],
)
def test_what_it_does_not_take_is_answered_with_the_command_that_does(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    target: str,
    *,
    code: int,
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "libx.so").write_bytes(b"\x7fELF")
    assert main(["trace", target]) == code
    said = capsys.readouterr().err
    assert told in said
    assert "--lab " + target not in said


def test_the_lab_gives_the_answer_as_text_and_as_json(
    windows: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert windows
    path = make("initialiser-crashes", tmp_path)

    assert main(["trace", "--lab", str(path)]) == 1
    text = capsys.readouterr().out
    assert text.startswith("FAILS  ")
    assert "at fault " + str(tmp_path / "leaf.dll") in text

    assert main(["trace", "--lab", "--json", str(path)]) == 1
    report = json.loads(capsys.readouterr().out)
    schema = files("mlcbuild.trace").joinpath("schemas", "trace-1.json")
    jsonschema.validate(report, json.loads(schema.read_text(encoding="utf-8")))
    assert report["culprit"] == str(tmp_path / "leaf.dll")
    assert report["observed"]["exception"]["code"] == "0xC0000005"


@pytest.mark.parametrize("target", ["no/such.dll", "nosuch.dll", "not-a-name"])
def test_a_target_that_is_not_there_cannot_be_read(
    windows: Lab, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert windows
    assert main(["trace", "--lab", target]) == 3
    assert target in capsys.readouterr().err


def test_a_program_is_not_loaded_but_can_be_checked(
    windows: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    assert windows
    assert main(["trace", "--lab", "tool.exe"]) == 2
    assert "mlcbuild check tool.exe" in capsys.readouterr().err


def test_it_runs_on_windows_itself_and_needs_nothing_but_mlcbuild(
    windows: Lab, tmp_path: Path
) -> None:
    lab = windows.use(tmp_path / "env")
    bring_needs(lab)
    target = make("initialiser-illegal-instruction", tmp_path / "dlls")

    done = run_inside(lab, "trace", "--json", lab.path(target))

    assert done.code == 1, done.errors
    report = json.loads(done.text)
    assert report["culprit"] == lab.path(tmp_path / "dlls" / "leaf.dll")
    assert report["observed"]["exception"]["code"] == "0xC000001D"
    assert report["host"]["system"].startswith("Wine ")
