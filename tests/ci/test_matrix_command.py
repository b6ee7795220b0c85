"""``mlcbuild matrix`` and ``mlcbuild toolchain``: what a workflow asks the toolkit for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from mlcbuild.ci.matrix import ROWS, chosen
from mlcbuild.cli import main
from mlcbuild.cli.toolchain import github_lines
from mlcbuild.errors import UsageError
from mlcbuild.pythonversions import NEWEST, OLDEST, USUAL
from mlcbuild.versions import dotted

if TYPE_CHECKING:
    from pathlib import Path


def matrix(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert main(["matrix", "--json", *words]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1, "GITHUB_OUTPUT takes one line"
    entries: list[dict[str, Any]] = json.loads(out)["include"]
    return entries


def test_every_row_is_one_entry_with_plain_values(capsys: pytest.CaptureFixture[str]) -> None:
    entries = matrix(capsys)
    assert [entry["id"] for entry in entries] == [row.id for row in ROWS]
    assert len({row.id for row in ROWS}) == len(ROWS)
    for entry in entries:
        assert all(isinstance(value, (str, bool)) for value in entry.values())


def test_what_the_issue_asks_for_is_in_the_table() -> None:
    assert {(row.system, row.arch) for row in ROWS} >= {
        ("windows", "x86_64"), ("windows", "arm64"), ("linux", "x86_64"), ("macos", "arm64"),
    }  # fmt: skip
    windows = [row for row in ROWS if row.system == "windows"]
    assert {row.device for row in windows} >= {"cpu", "cpu,vulkan", "cpu,cuda"}
    assert {row.generator for row in windows} >= {"", "Ninja Multi-Config"}
    assert any(row.target == "win_amd64" for row in windows)
    assert all(row.why for row in ROWS)


def test_conditions_choose_rows(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--only", "system=windows", "--only", "publish=true")
    assert {entry["id"] for entry in matrix(capsys, *words)} == {
        "windows-x86_64-cpu", "windows-x86_64-vulkan", "windows-x86_64-cuda",
    }  # fmt: skip
    vulkan = matrix(capsys, "--only", "device=vulkan")
    assert all("vulkan" in entry["device"] for entry in vulkan)
    assert len(vulkan) >= 2


@pytest.mark.parametrize("condition", ["system", "colour=red", "system=amiga"])
def test_a_condition_that_nothing_fulfils_is_wrong_use(condition: str) -> None:
    with pytest.raises(UsageError):
        chosen([condition])


def test_a_wheel_is_tested_on_several_pythons_and_chatted_with_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    entries = matrix(capsys, "--stage", "test", "--only", "id=windows-x86_64-cpu")
    assert [(e["python"], e["chat"]) for e in entries] == [
        (dotted(OLDEST), False),
        (dotted(USUAL), True),
        (dotted(NEWEST), False),
    ]


def test_the_table_is_readable_without_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matrix"]) == 0
    out = capsys.readouterr().out
    assert all(row.id in out for row in ROWS)


def test_the_toolchain_is_said_with_its_reasons(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CMAKE_GENERATOR", raising=False)
    assert main(["toolchain", "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert table["CMAKE_GENERATOR"] == "Ninja Multi-Config"
    assert table["toolchain"]["reasons"]
    assert main(["toolchain"]) == 0
    assert "Ninja Multi-Config: " in capsys.readouterr().out


def test_values_of_several_lines_reach_github_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = github_lines({"A": "x=1\ny=2", "PATH": r"C:\a;C:\b"})
    assert lines.count("\n") == 7
    assert lines.startswith("A<<")
    monkeypatch.setenv("GITHUB_ENV", str(tmp_path / "env"))
    assert main(["toolchain", "--export", "github"]) == 0
    assert (tmp_path / "env").read_text() == "", "outside Windows nothing needs setting"
    monkeypatch.delenv("GITHUB_ENV")
    assert main(["toolchain", "--export", "github"]) == 2
