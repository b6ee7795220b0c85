"""The cases once more, as a user asks: ``mlcbuild check user.dll --json``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from few import few
from loadercases import CASES, Case, Lab
from mlcbuild.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def python_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a 64-bit python.exe, for the cases whose point is the process's machine."""
    root = tmp_path_factory.mktemp("python")
    return Lab(root).dll("python.exe", at="py", exe=True).parent


@pytest.mark.parametrize("case", few(CASES), ids=lambda case: case.name)
def test_check_prints_the_verdict_number_and_chain(
    case: Case,
    built: Callable[[Case], Path],
    python_dir: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = built(case)
    words = ["check", str(root / "pkg" / case.target), "--json"]
    for folder in case.add:
        words += ["--add-dir", str(root / folder)]
    if case.winerror == 193 and case.target == "leaf.dll" and "process" in case.name:
        words += ["--python-dir", str(python_dir)]
    code = main(words)
    printed = capsys.readouterr()
    if case.winerror == 193 and not printed.out:
        assert code == 3, "a target that is no image at all is refused"
        return
    (target,) = json.loads(printed.out)["targets"]
    if target.get("error"):
        assert (code, case.winerror) == (3, 193)
        return
    (module,) = target["modules"]
    verdict = "loads" if case.winerror == 0 else "fails" if case.winerror > 0 else "may-fail"
    assert (module["load"]["verdict"], module["load"]["winerror"]) == (
        verdict,
        abs(case.winerror) or None,
    )
    if case.chain:
        assert tuple(module["load"]["chain"]) == case.chain
    assert code == (1 if verdict == "fails" else code)
