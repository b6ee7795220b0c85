"""What somebody left in the current folder is never run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import mlcbuild
import pytest
from mlcbuild import programs
from pefactory import make_pe
from wheelfactory import make_wheel

LOCK = Path(__file__).resolve().parents[2] / "3rdparty" / "sources.toml"
PYTHON = str(Path(mlcbuild.__file__).parents[1])
#: Modules that our children import, and names of the programs that we start.
MODULES = ("ctypes", "delvewheel", "auditwheel", "uv", "pip", "json", "runpy", "subprocess", "venv")
PROGRAMS = ("git", "rustc", "cargo", "cmake", "nm", "uv", "python3", "ninja", "c++")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="a script is no program on Windows")


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder full of traps; ``ran`` lists those that were sprung."""
    folder, ran = tmp_path / "here", tmp_path / "ran"
    folder.mkdir()
    trap = f"open({str(ran)!r}, 'a').write(__name__ + ' ')\nraise SystemExit(99)\n"
    for module in MODULES:
        (folder / f"{module}.py").write_text(trap, encoding="utf-8")
    for name in PROGRAMS:
        program = folder / name
        program.write_text(f"#!/bin/sh\necho {name} >> '{ran}'\nexit 99\n", encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.chdir(folder)
    return ran


def mlcbuild_here(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command as its console script does, in the current folder."""
    code = f"import sys; sys.path[0] = {PYTHON!r}; from mlcbuild.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        env={**os.environ, "PYTHONPATH": "", **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@POSIX
@pytest.mark.parametrize("entry", ["", ".", "..//here", "./"])
def test_a_path_that_names_the_current_folder_finds_nothing_there(
    planted: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    monkeypatch.setenv("PATH", entry)
    assert programs.find_program("git") is None
    with pytest.raises(FileNotFoundError, match="git"):
        programs.run(["git", "--version"])
    assert programs.ask(["rustc", "-vV"]) is None
    assert not planted.exists()


@POSIX
def test_an_absolute_folder_of_path_is_searched_in_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tool").write_text("#!/bin/sh\n")
    (tmp_path / "two" / "tool").chmod(0o755)
    monkeypatch.setenv("PATH", f":.:{tmp_path / 'one'}:{tmp_path / 'two'}")
    assert programs.find_program("tool") == str(tmp_path / "two" / "tool")


@POSIX
def test_a_path_given_by_the_user_is_meant_from_here(planted: Path) -> None:
    assert programs.find_program("./git") == str(planted.parent / "here" / "git")
    assert programs.run(["./git"]).returncode == 99


@pytest.mark.parametrize("module", ["pip", "delvewheel", "uv"])
def test_a_module_in_the_current_folder_is_not_the_one_that_is_run(
    planted: Path, module: str
) -> None:
    done = programs.run([sys.executable, "-m", module, "--version"], capture_output=True)
    assert not planted.exists(), done.stderr
    assert done.returncode != 99


def test_code_imports_the_standard_librarys_module(planted: Path) -> None:
    code = "import ctypes, json, sys; print(json.dumps([sys.argv, ctypes.__file__]))"
    done = programs.run([sys.executable, "-c", code, "one", "two"], capture_output=True, text=True)
    assert not planted.exists(), done.stderr
    assert done.stdout.startswith('[["-c", "one", "two"], ')


def test_a_module_still_gets_its_arguments_and_exit_code(tmp_path: Path) -> None:
    (tmp_path / "said.py").write_text("import sys; print(__name__, sys.argv[1:]); sys.exit(7)")
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = programs.run([sys.executable, "-m", "said", "a b"], env=env, stdout=-1, text=True)
    assert (done.returncode, done.stdout) == (7, "__main__ ['a b']\n")


def test_an_empty_entry_of_pythonpath_is_left_out(planted: Path) -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep}
    programs.run([sys.executable, "-c", "import delvewheel"], env=env, capture_output=True)
    assert not planted.exists()


@POSIX
@pytest.mark.parametrize(
    "words",
    [
        ("doctor", "--json"),
        ("toolchain",),
        ("repair", "{wheel}"),
        ("check", "pypi:none"),
        ("fetch", "--lock", "{lock}", "--output", "{into}", "xgrammar"),
        ("verify", "{wheel}"),
        ("model", "none"),
        ("wheel",),
        ("lab", "run", "cmd", "/c", "exit"),
        ("matrix",),
        (),
    ],
    ids=" ".join,
)
def test_no_command_runs_what_lies_in_the_current_folder(
    planted: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    env = {"PATH": f":.:{os.environ['PATH']}:", "MLCBUILD_CACHE": str(tmp_path / "cache")}
    if words[:1] == ("lab",):
        del env["MLCBUILD_CACHE"]
    wheel = make_wheel(tmp_path, {"demo/a.dll": make_pe(imports={"gone.dll": ["f"]})})
    given = {"wheel": wheel, "lock": LOCK, "into": tmp_path / "into"}
    index = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    offline = {**index, "GIT_ALLOW_PROTOCOL": "file"}
    done = mlcbuild_here(*(word.format(**given) for word in words), **env, **offline)
    assert not planted.exists(), f"{planted.read_text()}: {done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr


def test_python_m_mlcbuild_takes_the_current_folder_off_its_path(planted: Path) -> None:
    (planted.parent / "here" / "runpy.py").unlink()  # Python itself imports that one
    env = {**os.environ, "PYTHONPATH": PYTHON}
    command = [sys.executable, "-m", "mlcbuild", "explain", "1114", "--json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not planted.exists()
