"""Folders that somebody made to stop a reader: pipes, loops, a thousand folders in each other."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from pefactory import make_pe

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="about what POSIX has")


def test_pipes_and_loops_in_a_folder_are_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.dll").write_bytes(make_pe())
    os.mkfifo(tmp_path / "pipe.dll")
    (tmp_path / "loop.dll").symlink_to("loop.dll")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    (tmp_path / "up").symlink_to(tmp_path)
    assert main(["check", str(tmp_path)]) == 0
    assert "1 image: 1 will load" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["x.dll", "x.whl"])
def test_a_pipe_is_refused_and_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    os.mkfifo(tmp_path / name)
    (tmp_path / "good.dll").write_bytes(make_pe())
    assert main(["check", str(tmp_path / name), str(tmp_path / "good.dll")]) == 3
    said = capsys.readouterr()
    assert "not a file" in said.err
    assert "GOOD  good.dll" in said.out


def test_a_folder_1300_deep_is_walked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1300):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    (tmp_path / "good.dll").write_bytes(make_pe())
    try:
        assert main(["check", str(tmp_path)]) == 0
    finally:  # Python's own rmtree, which pytest cleans up with, is not deep enough
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)
    assert "1 will load" in capsys.readouterr().out
