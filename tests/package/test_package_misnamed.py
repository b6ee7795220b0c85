"""A target that is not what the command takes is answered with what to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("https://host/x-1-py3-none-any.whl", "curl -LO https://host/x-1-py3-none-any.whl"),
        ("numpy", "pypi:numpy is the project on PyPI, installed:numpy this Python's copy"),
        ("numpy[x]>=2", "pypi:numpy[x]>=2 is the project on PyPI, installed:numpy"),
        ("gone.whl", "gone.whl: no such file"),
        ("dir/gone", "dir/gone: no such file"),
        ("demo-1.tar.gz", "pip wheel --no-deps demo-1.tar.gz, then name the wheel"),
        ("libx.so.1", "name the .dll, the .pyd or the win_amd64 wheel of the Windows build"),
        ("project", "pip wheel --no-deps project builds the wheel to name"),
        ("empty", "name the folder that holds them"),
        ("", "an empty target"),
    ],
)
def test_check_says_what_to_type_instead(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    target: str,
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "pyproject.toml").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "demo-1.tar.gz").write_bytes(b"\x1f\x8b")
    (tmp_path / "libx.so.1").write_bytes(b"\x7fELF")
    assert main(["check", target]) == 3
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("command", [["verify"], ["repair", "-o", "out"]])
def test_where_only_a_wheel_is_taken_pip_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([command[0], "numpy", *command[1:]]) == 3
    assert 'pip download --no-deps "numpy"' in capsys.readouterr().err
