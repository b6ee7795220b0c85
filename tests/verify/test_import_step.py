"""The import step: whose copy of a library was loaded."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from mlcbuild.errors import FailedError
from mlcbuild.verify import steps
from mlcbuild.verify.subject import Subject

if TYPE_CHECKING:
    from pathlib import Path

NATIVE = "x-1.data/data/lib/site-packages/MeCab/libmecab.dll"


def imported(monkeypatch: pytest.MonkeyPatch, folder: Path, loaded: Path) -> str:
    """Take the step with a probe that says what was loaded."""
    table = {"images": [str(loaded)], "seconds": {"MeCab": 0.1}}
    answer: Any = SimpleNamespace(table=table, finished=SimpleNamespace(code=0))
    monkeypatch.setattr(steps, "ask", lambda *_: answer)
    place: Any = SimpleNamespace(folder=folder, local=type(folder))
    limits: Any = SimpleNamespace(quick_s=1)
    subject = Subject(
        path=folder / "x-1-cp311-cp311-win_amd64.whl",
        distribution="x",
        version="1",
        imports=("MeCab",),
        natives=(NATIVE,),
        stamps=(),
    )
    return steps.step_import(place, subject, ["MeCab"], limits)


def test_what_a_wheel_puts_into_site_packages_by_the_prefix_is_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = tmp_path / "venv" / "Lib" / "site-packages" / "MeCab" / "libmecab.dll"
    assert "1 of 1 native libraries loaded" in imported(monkeypatch, tmp_path, there)


def test_a_copy_from_elsewhere_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(FailedError, match=r"not the wheel's MeCab/libmecab\.dll"):
        imported(monkeypatch, tmp_path, tmp_path / "other" / "libmecab.dll")
