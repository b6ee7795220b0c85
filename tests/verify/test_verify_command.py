from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from mlcbuild.cli import main
from mlcbuild.stamp import Compiler, Stamp, Target, digest, write_stamp
from tinyelf import build_so

if TYPE_CHECKING:
    from conftest import MakeWheel


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def matches_schema(table: dict[str, Any]) -> bool:
    """Compare with the schema that is shipped; raises where it does not match."""
    schema = resources.files("mlcbuild.verify").joinpath("schemas/verify.json").read_text("utf-8")
    jsonschema.validate(table, json.loads(schema))
    return True


def test_a_good_wheel_is_used_and_nothing_stays_behind(
    make_wheel: MakeWheel, own_temporary_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = make_wheel({"demo/__init__.py": "def f(n):\n    return n + 1\n"})

    code = main(["verify", str(wheel), "--run", "import demo; print('f is', demo.f(1))"])

    printed = capsys.readouterr().out
    assert code == 0
    assert [line.split()[1] for line in printed.splitlines() if line.startswith("ok")] == [
        "environment",
        "install",
        "import",
        "tensor",
        "run",
    ]
    assert "f is 2" in printed
    assert not list(own_temporary_folder.iterdir())


def test_a_wheel_that_fails_on_import_is_bad_and_its_log_has_the_traceback(
    make_wheel: MakeWheel, own_temporary_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = make_wheel({"demo/__init__.py": "raise RuntimeError('no good\\nat all')\n"})

    code = main(["verify", str(wheel), "--json"])

    streams = capsys.readouterr()
    table = json.loads(streams.out)
    assert code == 1
    assert matches_schema(table)
    assert table["ok"] is False
    assert table["steps"][-1]["name"] == "import"
    assert "RuntimeError: no good" in table["error"]
    assert len(streams.err.splitlines()) == 1
    (log,) = own_temporary_folder.iterdir()
    assert str(log) == table["log"]
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_an_undeclared_dependency_is_named(
    make_wheel: MakeWheel, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = make_wheel({"demo/__init__.py": "import shortuuid_of_nobody\n"})

    assert main(["verify", str(wheel)]) == 1
    assert "does not declare the dependency with 'shortuuid_of_nobody'" in capsys.readouterr().err


@pytest.mark.slow
def test_a_declared_dependency_comes_from_a_folder_of_wheels(
    make_wheel: MakeWheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    leaf = make_wheel({"leaf.py": "X = 1\n"}, name="leaf")
    wheel = make_wheel({"demo.py": "import leaf\n"}, requires=("leaf>=1",))

    assert main(["verify", str(wheel), "--find-links", str(leaf.parent)]) == 0


def test_a_dependency_that_does_not_exist_makes_the_wheel_bad(
    make_wheel: MakeWheel, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    wheel = make_wheel({"demo.py": ""}, requires=("nobody-has-this",))

    assert main(["verify", str(wheel)]) == 1
    assert "nobody-has-this" in capsys.readouterr().err


def test_an_index_that_cannot_be_reached_says_nothing_about_the_wheel(
    make_wheel: MakeWheel, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    wheel = make_wheel({"demo.py": ""}, requires=("leaf",))

    assert main(["verify", str(wheel)]) == 3
    assert "index cannot be reached" in capsys.readouterr().err


@pytest.mark.slow
def test_a_hanging_import_is_ended_with_all_it_started(
    make_wheel: MakeWheel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marker = tmp_path / "child"
    script = (
        "import subprocess, sys, time, pathlib\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(marker)!r}).write_text(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    wheel = make_wheel({"demo.py": script})

    code = main(["verify", str(wheel), "--timeout", "15"])

    assert code == 1
    assert "did not finish" in capsys.readouterr().err
    assert not _runs(int(marker.read_text()))


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_an_interrupt_ends_all_and_leaves_nothing(make_wheel: MakeWheel, tmp_path: Path) -> None:
    marker, folder = tmp_path / "child", tmp_path / "temp"
    script = (
        "import os, pathlib, time\n"
        f"pathlib.Path({str(marker)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(600)\n"
    )
    wheel = make_wheel({"demo.py": script})
    process = subprocess.Popen(
        [sys.executable, "-m", "mlcbuild", "verify", str(wheel)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(folder)},
        stderr=subprocess.PIPE,
    )
    for _ in range(600):
        if marker.exists() and marker.read_text():
            break
        time.sleep(0.1)

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 130
    assert b"interrupted" in said
    assert b"Traceback" not in said
    assert not _runs(int(marker.read_text()))
    assert not list(folder.iterdir())


def _runs(pid: int) -> bool:
    for _ in range(50):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        state = Path(f"/proc/{pid}/stat")
        if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return False  # ended; only its parent has not asked yet
        time.sleep(0.1)
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="the signal's name is POSIX's")
@pytest.mark.slow
def test_a_crash_is_told_by_its_name(
    make_wheel: MakeWheel, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = make_wheel({"demo.py": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"})

    assert main(["verify", str(wheel)]) == 1
    assert "SIGSEGV" in capsys.readouterr().err


@pytest.mark.slow
def test_a_native_file_that_was_changed_after_the_build_makes_the_wheel_bad(
    make_wheel: MakeWheel, capsys: pytest.CaptureFixture[str]
) -> None:
    stamp = write_stamp(
        Stamp(
            configuration="Release",
            generator="Ninja Multi-Config",
            compiler=Compiler(id="GNU", version="12"),
            crt="dynamic",
            target=Target(system="Linux", machine="x86_64"),
            files=(digest("demo/libdemo.so", b"as built"),),
        )
    )
    files = {"demo/__init__.py": "", "demo/_build.json": stamp}

    assert main(["verify", str(make_wheel({**files, "demo/libdemo.so": b"as built"}))]) == 0
    assert "1 native files as they were built" in capsys.readouterr().out
    assert main(["verify", str(make_wheel({**files, "demo/libdemo.so": b"changed"}))]) == 1
    assert "stamp-mismatch" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="builds ELF libraries")
@pytest.mark.slow
def test_a_library_that_comes_from_elsewhere_makes_the_wheel_bad(
    make_wheel: MakeWheel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library = build_so(tmp_path / "libdemo.so")
    wheel = make_wheel(
        {
            "demo/__init__.py": f"import ctypes\nctypes.CDLL({str(library)!r})\n",
            "demo/libdemo.so": library.read_bytes(),
        }
    )

    assert main(["verify", str(wheel)]) == 1
    assert f"loaded from {library}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("demo-1.0-py3-none-any.whl", b"this is no zip"),
        ("demo-1.0-py3-none-any.whl", b""),
        ("absent-1.0-py3-none-any.whl", None),
    ],
)
def test_what_is_no_wheel_cannot_be_read(
    tmp_path: Path, name: str, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    assert main(["verify", str(path)]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_cut_wheel_cannot_be_read(
    make_wheel: MakeWheel, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = make_wheel({"demo.py": "x = 1\n" * 1000})
    wheel.write_bytes(wheel.read_bytes()[:2000])

    assert main(["verify", str(wheel)]) == 3
    assert "is not a valid wheel" in capsys.readouterr().err


def test_a_wheel_for_another_platform_is_not_called_bad(
    make_wheel: MakeWheel, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = make_wheel({"demo.py": ""})
    other = "win_amd64" if sys.platform != "win32" else "manylinux_2_28_x86_64"
    wheel = wheel.rename(wheel.with_name(f"demo-1.0-py3-none-{other}.whl"))

    assert main(["verify", str(wheel)]) == 3
    assert "not a supported wheel on this platform: verify it on" in capsys.readouterr().err


def test_an_interpreter_that_is_none_is_said_in_one_line(
    make_wheel: MakeWheel, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = make_wheel({"demo.py": ""})

    assert main(["verify", str(wheel), "--interpreter", "/no/such/python"]) == 3
    assert "/no/such/python" in capsys.readouterr().err


def test_the_lab_takes_a_version_and_no_interpreter(
    make_wheel: MakeWheel, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = make_wheel({"demo.py": ""})

    assert main(["verify", str(wheel), "--lab", "--interpreter", "python3"]) == 2
    assert "name a version: --python 3.12" in capsys.readouterr().err


def test_the_older_name_of_the_interpreter_still_works(
    make_wheel: MakeWheel, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(make_wheel({"demo.py": ""})), "--python", "/no/such/python"]) == 3
    assert "/no/such/python" in capsys.readouterr().err


@pytest.mark.slow
def test_what_was_kept_can_be_looked_at(
    make_wheel: MakeWheel, own_temporary_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(make_wheel({"demo.py": ""})), "--keep", "--json"]) == 0

    table = json.loads(capsys.readouterr().out)
    assert matches_schema(table)
    assert Path(table["folder"]).parent == own_temporary_folder
    assert Path(table["log"]).is_file()
