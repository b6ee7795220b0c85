"""A fetch that is killed, interrupted, doubled, or runs out of disk: the next run goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.sources.cache import locked
from sources_helpers import (
    IndexServer,
    Project,
    make_project,
    make_sdist,
    noise,
    write_sdist_lock,
)

if TYPE_CHECKING:
    from collections.abc import Callable

if sys.platform == "win32":
    pytest.skip("signals, limits and scripts of POSIX systems", allow_module_level=True)

import resource

ROOT = Path(__file__).parents[2]


def start(
    project: Project, *options: str, before: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    command = ["fetch", "--lock", project.lock, "--cache", project.cache, "--mirror"]
    return subprocess.Popen(
        [sys.executable, "-m", "mlcbuild", *map(str, command), str(project.mirror), *options],
        env=os.environ | {"PYTHONPATH": str(ROOT / "python")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=before,  # noqa: PLW1509 - single-threaded, and only sets a limit
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, err = process.communicate(timeout=60)
    return process.returncode, err


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not happen in 30 s"
        time.sleep(0.02)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def is_whole(project: Project) -> bool:
    return (
        (project.folder / "src/main.cc").read_text("utf-8") == "int main() { return 0; }\n"
        and not list(project.root.rglob("*.part"))
        and not list(project.cache.rglob("*.new"))
        and finish(start(project, "--verify")) == (0, "")
    )


@pytest.fixture
def slow_git(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Git that stands still in fetch as long as the returned file exists."""
    real = shutil.which("git")
    folder = project.root / "bin"
    folder.mkdir()
    hold = folder / "hold"
    hold.touch()
    (folder / "git").write_text(
        f"#!/bin/sh\ncase \"$*\" in *' fetch '*)\n"
        f'  echo $$ > "{folder}/reached"; while [ -e "{hold}" ]; do sleep 0.05; done;;\nesac\n'
        f'exec "{real}" "$@"\n',
        encoding="utf-8",
    )
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return hold


def test_a_killed_fetch_is_taken_up_by_the_next(project: Project, slow_git: Path) -> None:
    process = start(project)
    wait_for((slow_git.parent / "reached").exists)
    process.kill()
    finish(process)
    assert not project.folder.exists()
    assert list(project.cache.rglob("*.new"))
    slow_git.unlink()
    assert finish(start(project)) == (0, "")
    assert is_whole(project)


def test_an_interrupted_fetch_ends_at_once_with_130(project: Project, slow_git: Path) -> None:
    process = start(project)
    reached = slow_git.parent / "reached"
    wait_for(lambda: reached.exists() and reached.read_text("utf-8").strip())
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    code, error = finish(process)
    assert (code, error) == (130, "mlcbuild fetch: interrupted\n")
    assert time.monotonic() - begun < 5
    child = int(reached.read_text("utf-8"))
    wait_for(lambda: not is_running(child))
    slow_git.unlink()
    assert finish(start(project)) == (0, "")
    assert is_whole(project)


def test_an_interrupted_download_goes_on_where_it_stopped(
    project: Project, index: IndexServer
) -> None:
    data = make_sdist({"LICENSE": "free", "big": noise(600_000)})
    index.add("pack", "pack-1.0.tar.gz", data)
    index.stall_after = 200_000
    write_sdist_lock(project, data)
    process = start(project)
    wait_for(lambda: any(p.stat().st_size > 150_000 for p in project.cache.rglob("*.part")))
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert finish(process)[0] == 130
    assert time.monotonic() - begun < 5  # although the server is silent
    index.release.set()
    index.stall_after = None
    assert finish(start(project)) == (0, "")
    assert index.asked[-1][1].startswith("bytes=")
    assert (project.root / "3rdparty/pack/LICENSE").read_text("utf-8") == "free"


def test_two_at_once_take_turns_and_both_succeed(project: Project) -> None:
    both = [start(project), start(project)]
    assert [finish(process)[0] for process in both] == [0, 0]
    assert is_whole(project)


def test_waiting_for_another_fetch_is_said(project: Project) -> None:
    lock = project.root / "3rdparty" / ".demo.lock"
    with locked(lock, notice=print, stopped=threading.Event()):
        process = start(project)
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "waiting for another mlcbuild" in line
    assert finish(process)[0] == 0


def test_a_fetch_that_waits_can_be_interrupted(project: Project) -> None:
    lock = project.root / "3rdparty" / ".demo.lock"
    with locked(lock, notice=print, stopped=threading.Event()):
        process = start(project)
        assert process.stderr is not None
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert finish(process)[0] == 130


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))


@pytest.mark.needs_git
def test_a_full_disk_while_laying_out_is_named_and_mends(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"LICENSE": "free\n", "src/main.cc": "int main();\n" * 9000})
    code, error = finish(start(project, before=limit))
    assert code == 3
    assert error.count("\n") == 1
    assert f"no space left for {project.folder}" in error
    assert not list(project.root.rglob("*.part"))
    assert finish(start(project)) == (0, "")
    assert (project.folder / "src/main.cc").stat().st_size == 108_000


def test_a_full_disk_while_downloading_is_named_and_mends(
    project: Project, index: IndexServer
) -> None:
    data = make_sdist({"LICENSE": "free", "big": noise(600_000)})
    index.add("pack", "pack-1.0.tar.gz", data)
    write_sdist_lock(project, data)
    code, error = finish(start(project, before=limit))
    assert code == 3
    assert error.count("\n") == 1
    assert "no space left for" in error
    assert not (project.root / "3rdparty/pack").exists()
    assert finish(start(project)) == (0, "")


def test_a_full_disk_while_git_writes_is_named(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Git's own words for it, from a Git that says nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(
        "#!/bin/sh\necho 'fatal: write error: No space left on device' >&2\nexit 128\n",
        encoding="utf-8",
    )
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    code, error = finish(start(project))
    assert code == 3
    assert "no space left for" in error
    assert "--cache" in error
    assert not list(project.cache.rglob("*.new"))
