"""What the quickstart says before it builds, and when it stops."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from commands import load_script

if TYPE_CHECKING:
    from types import ModuleType

SCRIPTS = Path(__file__).parents[2] / "scripts"
HERE = {"Git": "2.39 /usr/bin/git", "Cargo": "1.95 /usr/bin/cargo", "C++ compiler": "12 c++"}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return load_script("scripts/quickstart.py")


def plan(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, fetched: int = 0, **given: Any
) -> bool:
    """Look at a machine on which fetch ends with ``fetched``."""
    found = {"here": HERE, "problems": [], "compiler": "", **given.pop("found", {})}
    monkeypatch.setattr(script, "output", lambda *_, **__: json.dumps(found))
    said = "mlcbuild fetch: error: mlc-llm: cannot fetch" if fetched else ""
    done = subprocess.CompletedProcess([], fetched, stdout="", stderr=said)
    monkeypatch.setattr(script.programs, "run", lambda *_, **__: done)
    defaults = {"example": False, "full": False, "no_rust": False}
    return bool(script.whole_wheel(sys.executable, {}, argparse.Namespace(**{**defaults, **given})))


def test_with_everything_at_hand_the_wheel_is_built(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan(script, monkeypatch)
    said = capsys.readouterr().out
    assert "/usr/bin/cargo" in said
    assert "here, as pinned" in said


def test_without_the_sources_it_goes_on_calmly_with_the_example(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not plan(script, monkeypatch, fetched=3)
    said = capsys.readouterr()
    assert "error" not in said.out + said.err
    assert "left out: the wheel of mlc-llm (the Git sources are out of reach" in said.out


def test_sources_that_are_not_the_pinned_ones_end_it(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(script.StepError, match="cannot fetch"):
        plan(script, monkeypatch, fetched=1)


def test_asked_for_the_whole_wheel_it_fails_where_that_cannot_be(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(script.StepError, match="the wheel cannot be built here: the Git sources"):
        plan(script, monkeypatch, fetched=3, full=True)


@pytest.mark.parametrize("example", [True, False])
def test_a_missing_compiler_ends_it_in_one_line_with_the_systems_command(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, *, example: bool
) -> None:
    line = "a C++ compiler is not found: apt-get install g++ (or your distribution's)"
    found = {"compiler": line, "problems": [line]}
    with pytest.raises(script.StepError) as caught:
        plan(script, monkeypatch, found=found, example=example)
    assert (str(caught.value), caught.value.code) == (line, 3)


def test_where_rust_may_not_be_installed_the_example_is_built(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {"problems": ["Cargo is not found: install it with rustup"]}
    assert not plan(script, monkeypatch, found=found, no_rust=True)
    assert "left out: the wheel of mlc-llm (Cargo is not found" in capsys.readouterr().out
