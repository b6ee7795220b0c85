"""The lab is made once, whole, by one of those who ask; it says what it lacks and can be ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from mlcbuild.errors import UsageError
from mlcbuild.lab import down, up
from mlcbuild.lab.downloads import PYTHONS
from mlcbuild.lab.programs import find_programs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.lab import Lab

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the lab is Linux's way to run Windows programs"
)
PYTHON = Path(__file__).parents[2] / "python"


@pytest.fixture
def own_root(windows: Lab, tmp_path: Path) -> Iterator[Path]:
    """Return the folder of a lab that is not made yet; what it downloads is there already."""
    root = tmp_path / "a lab ü"
    root.mkdir()
    (root / "downloads").symlink_to(windows.root / "downloads")
    yield root
    down(root=root)


def processes_of(root: Path) -> list[str]:
    """Return the command lines of all processes whose prefix lies in the folder."""
    wanted = f"WINEPREFIX={root}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_text().replace("\0", " "))
    return found


@pytest.mark.slow
def test_two_at_once_make_one_lab_in_a_folder_with_spaces_and_down_ends_it(own_root: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        labs = list(pool.map(lambda _: up(root=own_root), range(2)))
    assert labs[0] == labs[1]
    assert len([p for p in (own_root / "prefixes").iterdir() if p.is_dir()]) == 1
    assert labs[0].python("-c", "print('ü')").stdout == b"\xfc\r\n"
    assert processes_of(own_root)
    users = labs[0].prefix.folder / "drive_c" / "users"
    assert not [path for path in users.glob("*/*") if path.is_symlink()]

    down(root=own_root, purge=True)

    assert not processes_of(own_root)
    assert not own_root.exists()


@pytest.mark.slow
def test_a_lab_that_was_killed_half_made_is_made_again(own_root: Path) -> None:
    command = "from pathlib import Path; import sys; from mlcbuild.lab import up;"
    command += "up(root=Path(sys.argv[1]))"
    making = subprocess.Popen(
        [sys.executable, "-c", command, str(own_root)], cwd=PYTHON, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while not list((own_root / "prefixes").glob("*.part/drive_c/windows")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(making.pid, signal.SIGKILL)
    making.wait()
    assert not [p for p in (own_root / "prefixes").iterdir() if p.suffix == "" and p.is_dir()]

    assert up(root=own_root).python("-c", "print(1)").code == 0
    assert not list((own_root / "prefixes").glob("*.part"))


@pytest.mark.slow
@pytest.mark.parametrize("version", PYTHONS)
def test_every_python_runs_with_its_own_library_and_pip(windows: Lab, version: str) -> None:
    lab = up(version)
    code = (
        "import sys, ssl, sqlite3, ctypes, lzma, asyncio, platform, pip;"
        "asyncio.run(asyncio.sleep(0)); print(sys.version.split()[0], platform.system())"
    )
    assert lab.python("-c", code).text == f"{lab.version} Windows\n"
    assert lab.version.startswith(f"{version}.")
    assert lab.prefix == windows.prefix


def test_an_environment_has_its_own_packages_and_children_find_them(
    windows: Lab, tmp_path: Path
) -> None:
    lab = windows.use(tmp_path / "env ü")
    (lab.environment / "Lib" / "site-packages" / "only_here.py").write_text("X = 5\n")
    code = (
        "import subprocess, sys, only_here;"
        "child = [sys.executable, '-c', 'import sys, only_here; print(only_here.X, sys.prefix)'];"
        "sys.stdout.buffer.write(subprocess.run(child, capture_output=True).stdout)"
    )
    done = lab.run(["python", "-c", code], env={"PYTHONUTF8": "1"}, timeout=60)
    assert done.text == f"5 {lab.path(lab.environment)}\n"
    assert windows.python("-c", "import only_here").code == 1


@pytest.mark.needs_lab
def test_it_runs_in_a_c_locale_and_leaves_no_trace_in_the_home_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    command = [sys.executable, "-m", "mlcbuild", "lab", "run", "--"]
    code = "import sys, os; print(ascii(sys.argv[1]), os.path.expanduser('~'))"
    cache = os.environ.get("MLCBUILD_CACHE") or str(Path.home() / ".cache" / "mlcbuild")
    variables = {"LC_ALL": "C", "HOME": str(home), "MLCBUILD_CACHE": cache}
    done = subprocess.run(
        [*command, "python", "-c", code, "ü 漢"],
        env={**os.environ, **variables},
        capture_output=True,
        check=False,
        timeout=300,
        cwd=PYTHON,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().startswith(f"{'ü 漢'!a} C:\\users\\")
    assert not list(home.iterdir())


@pytest.mark.parametrize(("number", "code_of"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_and_a_kill_end_the_windows_program_too(
    windows: Lab, tmp_path: Path, number: int, code_of: int
) -> None:
    beat = tmp_path / "beat"
    code = f"import time\nwhile 1: open({windows.path(beat)!r}, 'a').write('x'); time.sleep(0.05)"
    process = subprocess.Popen(
        [sys.executable, "-m", "mlcbuild", "lab", "run", "--", "python", "-c", code],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=PYTHON,
    )
    deadline = time.monotonic() + 60
    while not beat.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code_of
    assert b"Traceback" not in said
    before = beat.stat().st_size
    time.sleep(0.5)
    assert beat.stat().st_size == before


def test_missing_programs_are_named_as_packages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find_programs.cache_clear()
    monkeypatch.setattr("mlcbuild.lab.programs.find_program", lambda *_: None)
    try:
        assert main(["lab", "up"]) == 3
    finally:
        monkeypatch.undo()
        find_programs.cache_clear()
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "apt-get install --no-install-recommends g++-mingw-w64-x86-64-posix wine64" in said


def test_what_there_is_not_is_said_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no Windows Python 2\.7"):
        up("2.7", root=tmp_path / "lab")
    with pytest.raises(UsageError, match="is not a valid environment name"):
        up(environment="../out", root=tmp_path / "lab")
    assert not (tmp_path / "lab").exists()


@pytest.mark.needs_lab
def test_an_index_without_the_download_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    index = {"PIP_INDEX_URL": (tmp_path / "empty").as_uri(), "PIP_FIND_LINKS": ""}
    done = subprocess.run(
        [sys.executable, "-m", "mlcbuild", "lab", "up"],
        env={**os.environ, **index, "MLCBUILD_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=PYTHON,
    )
    assert done.returncode == 3
    assert len([line for line in done.stderr.splitlines() if "error:" in line]) == 1
    assert not [path for path in (tmp_path / "lab" / "pythons").iterdir() if path.is_dir()]
