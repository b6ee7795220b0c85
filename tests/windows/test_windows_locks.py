"""Files that are open, and DLLs that are loaded, cannot be replaced or deleted on Windows."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from mlcbuild.cli import main
from mlcbuild.errors import InputError
from mlcbuild.sources.cache import locked, remove
from tinydll import build_dll

HOLD = """
import sys, threading
from pathlib import Path
from mlcbuild.sources.cache import locked
with locked(Path(sys.argv[1]), notice=print, stopped=threading.Event()):
    print("held", flush=True)
    sys.stdin.readline()
"""
SOURCE = Path(__file__).parents[2] / "python"


def holder(lock: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "held"
    return child


def test_a_report_that_another_program_has_open_is_left_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dll = build_dll(tmp_path / "good.dll", exports=["f"])
    report = tmp_path / "report.json"
    report.write_text("before", encoding="utf-8")

    with report.open(encoding="utf-8"):
        code = main(["check", str(dll), "--format", "json", "--output", str(report)])

    assert code == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "cannot write" in said
    assert report.read_text(encoding="utf-8") == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good.dll", "report.json"]


def test_a_lock_is_waited_for_and_goes_with_its_process(tmp_path: Path) -> None:
    lock = tmp_path / "cache" / "demo.lock"
    said: list[str] = []
    child = holder(lock)
    threading.Timer(1.5, child.kill).start()
    began = time.monotonic()

    with locked(lock, notice=said.append, stopped=threading.Event()):
        waited = time.monotonic() - began

    child.wait()
    assert waited > 0.5
    assert len(said) == 1
    assert "waiting for another mlcbuild" in said[0]


def test_a_loaded_dll_keeps_its_folder_and_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "entry"
    dll = build_dll(folder / "loaded.dll", exports=["f"])
    handle = ctypes.CDLL(str(dll))._handle
    try:
        with pytest.raises(InputError) as caught:
            remove(folder)
    finally:
        free = ctypes.windll.kernel32.FreeLibrary  # type: ignore[attr-defined,unused-ignore]
        free(ctypes.c_void_p(handle))
    assert "loaded.dll" in str(caught.value)
    remove(folder)
    assert not folder.exists()


def test_read_only_files_as_git_makes_them_go(tmp_path: Path) -> None:
    folder = tmp_path / "entry" / "objects"
    folder.mkdir(parents=True)
    (folder / "pack").write_bytes(b"x")
    (folder / "pack").chmod(0o444)

    remove(tmp_path / "entry")

    assert not (tmp_path / "entry").exists()


def test_an_image_that_was_read_can_be_deleted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dll = build_dll(tmp_path / "good.dll", exports=["f"])

    assert main(["check", str(dll)]) == 0

    dll.unlink()
    assert "good.dll" in capsys.readouterr().out
    assert not dll.exists()


def test_two_spellings_of_a_name_are_one_dll(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build_dll(tmp_path / "Leaf.DLL", exports=["f"])
    build_dll(tmp_path / "user.dll", exports=["g"], imports={"LEAF.dll": ["f"]})

    code = main(["check", str(tmp_path / "USER.DLL")])

    assert code == 0, capsys.readouterr().out


def test_a_path_longer_than_260_characters_is_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path
    while len(str(folder)) < 280:
        folder /= "a folder of forty characters, not less ä"
    extended = Path("\\\\?\\" + str(folder))
    extended.mkdir(parents=True)
    dll = build_dll(tmp_path / "good.dll", exports=["f"])
    (extended / "good.dll").write_bytes(dll.read_bytes())

    code = main(["check", str(extended / "good.dll"), "--json"])

    assert code in {0, 1}, capsys.readouterr().err
    assert '"verdict": "loads"' in capsys.readouterr().out
