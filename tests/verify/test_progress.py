from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import run_mlcbuild
from mlcbuild import progress
from mlcbuild.builder.watched import Step, StepReader, telling, watch
from mlcbuild.progress import Line, clock, counted, left, ticking

PYTHON = Path(__file__).resolve().parents[2] / "python"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def line(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.setattr(progress, "_EVERY_S", 0.0)
    return Line(stream, patience_s=0)


def test_nothing_is_shown_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    shown = Line(stream, patience_s=0)
    shown.show("x")
    shown.close()
    assert list(counted([1, 2], "item", line=shown)) == [1, 2]
    assert stream.getvalue() == ""


def test_quick_work_shows_nothing_on_a_terminal_either() -> None:
    stream = Terminal()
    assert list(counted(range(1000), "item", line=Line(stream))) == list(range(1000))
    assert stream.getvalue() == ""


def test_items_are_counted_and_the_line_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    assert list(counted("ab", "image", line=line(stream, monkeypatch))) == ["a", "b"]
    assert "image 1 of 2" in stream.getvalue()
    assert "image 2 of 2, 0:00 left" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_work_that_cannot_say_how_far_it_is_shows_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "_TICK_S", 0.01)
    stream = Terminal()
    with ticking("installing", line=line(stream, monkeypatch)):
        deadline = time.monotonic() + 10
        while "installing, 0:00" not in stream.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
    assert "installing, 0:00" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_line_fits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    line(stream, monkeypatch).show("x" * 500)
    assert stream.getvalue().count("x") == 39


@pytest.mark.parametrize(
    ("done", "total", "spent", "said"),
    [
        (10, 40, 20.0, ", 1:00 left"),
        (0, 40, 5.0, ""),
        (1, 400, 5.0, ""),
        (40, 40, 9.0, ", 0:00 left"),
    ],
)
def test_the_time_left_is_told_when_enough_is_done(
    done: int, total: int, spent: float, said: str
) -> None:
    assert left(done, total, spent) == said


def test_clock() -> None:
    assert [clock(s) for s in (0.4, 65, 3725)] == ["0:00", "1:05", "1:02:05"]


def test_ninja_counts_its_steps() -> None:
    reader = StepReader()
    step = reader.feed("  [12/345] Building CXX object a/CMakeFiles/tvm.dir/src/node.cc.obj")
    assert step == Step(done=12, total=345, what="node.cc.obj")
    assert reader.feed("node.cc(12): warning C4244: conversion") is None


def test_msbuild_is_counted_by_its_projects(tmp_path: Path) -> None:
    for name, sources in (("a", 3), ("b", 1)):
        text = '<ClCompile Include="x.cc" />\n' * sources
        (tmp_path / f"{name}.vcxproj").write_text(text, encoding="utf-8")
    reader = StepReader()
    assert reader.feed("  one.cc") is None  # nothing is known yet
    reader.feed(f"  -- Build files have been written to: {tmp_path}")
    said = ["  one.cc", "  Building Custom Rule C:/x/CMakeLists.txt", "  two.cpp", "2>three.c"]
    steps = [step for text in said if (step := reader.feed(text))]
    assert steps == [
        Step(done=1, total=4, what="one.cc"),
        Step(done=2, total=4, what="two.cpp"),
        Step(done=3, total=4, what="three.c"),
    ]


def test_a_unity_build_is_counted_by_what_is_compiled(tmp_path: Path) -> None:
    excluded = "<ExcludedFromBuild Condition=\"'a'=='a'\">true</ExcludedFromBuild>"
    text = (
        '<ClCompile Include="unity_0_cxx.cxx" />\n'
        f'<ClCompile Include="a.cc">\n      {excluded}\n</ClCompile>\n'
        '<ClCompile Include="own_flags.cc"><AdditionalOptions>/x</AdditionalOptions></ClCompile>\n'
        f'<ClCompile Include="b.cc">\n      {excluded}\n</ClCompile>\n'
    )
    for name in ("a", "b"):
        (tmp_path / f"{name}.vcxproj").write_text(text, encoding="utf-8")
    reader = StepReader()
    reader.feed(f"  -- Build files have been written to: {tmp_path}")
    said = ["  unity_0_cxx.cxx", "  own_flags.cc", "  unity_0_cxx.cxx", "  own_flags.cc"]
    steps = [step for text in said if (step := reader.feed(text))]
    assert [(step.done, step.total) for step in steps] == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_phases_of_a_build_are_named() -> None:
    step = StepReader().feed("  *** Configuring CMake...")
    assert step == Step(done=0, total=0, what="configuring")


BUILD = """
import sys
for i in range(1, 5):
    print(f"[{i}/4] Building CXX object x/part{i}.cc.o", flush=True)
print("x.cc:3: error: no such thing"); print("ninja: build stopped"); sys.exit(3)
"""


def test_a_build_is_watched_and_all_its_lines_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    shown = line(stream, monkeypatch)
    code, lines = watch([sys.executable, "-c", BUILD], line=shown)
    assert code == 3
    assert len(lines) == 6
    assert "4 of 4, 0:00 left  part4.cc.o" in stream.getvalue()
    assert telling(lines)[-2:] == ["x.cc:3: error: no such thing", "ninja: build stopped"]


def test_what_tells_of_a_failure_starts_shortly_before_the_first_error() -> None:
    lines = [f"line {i}" for i in range(200)]
    assert telling(lines) == lines[-60:]
    lines[100] = "a.cc(1): fatal error C1083"
    assert telling(lines)[0] == "line 97"


def test_a_log_keeps_output_errors_and_no_keys(tmp_path: Path) -> None:
    words = ["bench", "http://127.0.0.1:9", "--header", "Authorization: secret", "--log", "x.log"]
    done = run_mlcbuild(*words, cwd=tmp_path)
    assert done.returncode == 3
    log = (tmp_path / "x.log").read_text(encoding="utf-8")
    assert done.stderr.strip() in log
    assert "bench http://127.0.0.1:9 --header Authorization: *** --log x.log" in log
    assert "secret" not in log
    assert "ended after" in log


def test_a_log_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    done = run_mlcbuild("check", "x.dll", "--log", "absent/x.log", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.startswith("mlcbuild check: error: cannot write absent")
    assert done.stderr.count("\n") == 1


def test_children_are_in_the_log_of_a_verification(tmp_path: Path) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("demo.py", "print('said by the child')\nraise OSError('boom')\n")
        archive.writestr(
            "demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
        )
        archive.writestr(
            "demo-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(
            "demo-1.0.dist-info/RECORD",
            "demo.py,,\ndemo-1.0.dist-info/METADATA,,\ndemo-1.0.dist-info/WHEEL,,\ndemo-1.0.dist-info/RECORD,,\n",
        )
    done = run_mlcbuild("verify", wheel.name, "--log", "v.log", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "said by the child" in (tmp_path / "v.log").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
def test_a_terminal_sees_progress_that_its_log_does_not_keep_in_pieces(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from mlcbuild.logfile import kept\n"
        "from mlcbuild.progress import Line\n"
        "with kept(Path('l.log'), ['x']):\n"
        "    line = Line(patience_s=0); line.show('half way'); line.close(); print('done')\n"
    )
    import pty  # noqa: PLC0415 - there is none on Windows

    master, slave = pty.openpty()
    subprocess.run(
        [sys.executable, "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PYTHON)},
    )
    os.close(slave)
    seen = os.read(master, 10_000).decode()
    os.close(master)
    assert "half way" in seen
    log = (tmp_path / "l.log").read_text(encoding="utf-8")
    assert "half way" not in log
    assert "done" in log
