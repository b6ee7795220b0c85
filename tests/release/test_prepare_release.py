"""scripts/prepare_release.py: the places that say a version, and what is refused."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from commands import load_script

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return load_script("scripts/prepare_release.py")


@pytest.fixture
def checkout(tmp_path: Path, script: ModuleType) -> Path:
    for path in (script.VERSION, script.CHANGES, *script.REUSABLE):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, tmp_path / path)
    return tmp_path


def test_a_prepared_release_is_the_one_of_its_tag_alone(script: ModuleType, checkout: Path) -> None:
    script.edit(checkout, "7.8.9", "2030-01-02")
    assert script.problems(checkout, "v7.8.9") == []
    assert len(script.problems(checkout, "v7.9.0")) == 4
    assert "## 7.8.9 (2030-01-02)" in (checkout / script.CHANGES).read_text("utf-8")
    for workflow in script.REUSABLE:
        text = (checkout / workflow).read_text("utf-8")
        assert "mlcbuild/mlcbuild@v7.8.9#subdirectory=python" in text


def test_this_checkout_is_no_release_that_is_not_prepared(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["prepare_release.py", "--check", "v99.0.0"])
    assert script.main() == 1
    assert "this is not v99.0.0" in capsys.readouterr().err


def test_a_second_release_of_one_version_is_refused(script: ModuleType, checkout: Path) -> None:
    script.edit(checkout, "7.8.9", "2030-01-02")
    with pytest.raises(script.StepError, match=r"has 7\.8\.9 already"):
        script.edit(checkout, "7.8.9", "2030-01-03")
