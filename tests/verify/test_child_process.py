from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest
from mlcbuild.supervised import describe_exit, run_child
from mlcbuild.verify.place import clean_environment
from mlcbuild.verify.subject import read_subject

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import MakeWheel


def run(tmp_path: Path, code: str, limit_s: float = 30.0) -> tuple[int, str, bool]:
    done = run_child(
        [sys.executable, "-c", code],
        environment=os.environ,
        folder=tmp_path,
        log=tmp_path / "log",
        limit_s=limit_s,
    )
    return done.code, done.output, done.timed_out


def test_a_child_gives_its_code_and_both_streams(tmp_path: Path) -> None:
    code, output, timed_out = run(
        tmp_path, "import sys; print('out', flush=True); sys.stderr.write('err'); sys.exit(7)"
    )

    assert (code, output.split(), timed_out) == (7, ["out", "err"], False)


def test_a_child_has_no_input_to_wait_for(tmp_path: Path) -> None:
    assert run(tmp_path, "import sys; print(repr(sys.stdin.read()))")[1].strip() == "''"


def test_a_child_that_is_too_late_is_ended(tmp_path: Path) -> None:
    _, output, timed_out = run(
        tmp_path, "import time; print('begun', flush=True); time.sleep(600)", limit_s=3
    )

    assert timed_out
    assert output.strip() == "begun"


BEAT = """
import sys, time
with open(sys.argv[1], "ab", 0) as file:
    for _ in range(600):
        file.write(b"x")
        time.sleep(0.1)
"""
#: Starts BEAT, waits until it beats, and ends or hangs.
PARENT = """
import subprocess, sys, time
quiet = subprocess.DEVNULL
subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]], stdout=quiet, stderr=quiet)
while True:
    time.sleep(0.1)
    try:
        if open(sys.argv[2], "rb").read(1):
            break
    except OSError:
        pass
if sys.argv[3] == "hang":
    time.sleep(600)
"""


@pytest.mark.parametrize("way", ["end", pytest.param("hang", marks=pytest.mark.slow)])
def test_what_a_child_started_ends_with_it(tmp_path: Path, way: str) -> None:
    pulse = tmp_path / "pulse"

    done = run_child(
        [sys.executable, "-c", PARENT, BEAT, str(pulse), way],
        environment=os.environ,
        folder=tmp_path,
        log=tmp_path / "log",
        limit_s=60 if way == "end" else 5,
    )

    assert done.timed_out == (way == "hang"), done.output
    assert way != "end" or pulse.stat().st_size > 0
    time.sleep(0.3)
    before = pulse.stat().st_size if pulse.exists() else 0
    time.sleep(1)
    assert (pulse.stat().st_size if pulse.exists() else 0) == before, "it still runs"


def test_the_log_keeps_every_child(tmp_path: Path) -> None:
    run(tmp_path, "print('first')")
    assert run(tmp_path, "print('second')")[1].strip() == "second"
    assert "first" in (tmp_path / "log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (3221225477, "STATUS_ACCESS_VIOLATION"),
        (-1073741515 % 2**32, "STATUS_DLL_NOT_FOUND"),
        (1, "exit code 1"),
        (126, "exit code 126"),
    ],
)
def test_exit_codes_are_put_into_words(code: int, words: str) -> None:
    assert words in describe_exit(code)


def test_the_environment_leads_to_no_other_packages() -> None:
    given = {
        "PYTHONPATH": "/x",
        "LD_LIBRARY_PATH": "/x",
        "MLC_LIBRARY_PATH": "/x",
        "TVM_LIBRARY_PATH": "/x",
        "PIP_INDEX_URL": "https://index.example/simple",
        "HTTPS_PROXY": "http://proxy.example",
    }

    kept = clean_environment(given)

    assert {name for name in given if name in kept} == {"PIP_INDEX_URL", "HTTPS_PROXY"}


def test_a_wheel_tells_what_to_import_and_what_is_native(make_wheel: MakeWheel) -> None:
    wheel = make_wheel(
        {
            "demo/__init__.py": "",
            "demo/lib/libdemo.so.1": b"x",
            "demo/core.cpython-311-x86_64-linux-gnu.so": b"x",
            "single.py": "",
            "_private/__init__.py": "",
            "ext.pyd": b"x",
            "demo-1.0.data/scripts/tool": "",
        }
    )

    subject = read_subject(wheel)

    assert subject.imports == ("demo", "ext", "single")
    assert subject.natives == (
        "demo/core.cpython-311-x86_64-linux-gnu.so",
        "demo/lib/libdemo.so.1",
        "ext.pyd",
    )
