"""A lab that dies says why; two programs use it at once; the next one starts it again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.errors import FailedError
from mlcbuild.lab import down, up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlcbuild.lab import Lab

pytestmark = pytest.mark.slow
PYTHON = Path(__file__).parents[2] / "python"


@pytest.fixture(scope="module")
def own(windows: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Make a lab that nobody else uses: these tests end it."""
    root = tmp_path_factory.mktemp("dying") / "lab"
    root.mkdir()
    for part in ("downloads", "pythons"):
        (root / part).symlink_to(windows.root / part)
    yield up(root=root)
    down(root=root)


def dying(lab: Lab, end: Callable[[], object], program: str) -> str:
    """End the lab while a program runs in it; return what the one who waits for it is told."""
    told: list[str] = []
    begun = threading.Event()

    def wait() -> None:
        try:
            lab.run(["python", "-c", program], timeout=120, sinks=(lambda _: begun.set(), print))
        except FailedError as error:
            told.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    assert begun.wait(60)
    end()
    thread.join(60)
    assert not thread.is_alive(), "it waits for a server that has exited"
    return told[0]


SLEEPS = (
    "import sys, time; print(1, flush=True); print('bye', file=sys.stderr, flush=True);"
    "time.sleep(300)"
)
COUNTS = "print(1, flush=True)\nwhile True: pass"


def test_a_server_that_another_program_ends_is_said(own: Lab) -> None:
    told = dying(own, lambda: down(root=own.root), SLEEPS)
    assert told.startswith("Wine exited before python.exe finished (exit code ")
    assert "another program ended its server; last output: bye" in told
    assert "run it again" in told


@pytest.mark.parametrize("program", [SLEEPS, COUNTS], ids=["sleeps", "counts"])
def test_a_server_that_is_killed_keeps_nobody_waiting(own: Lab, program: str) -> None:
    server = [own.prefix.programs.server, "-k9"]
    kill = lambda: subprocess.run(server, env=own.prefix.environment(), check=False)  # noqa: E731
    told = dying(own, kill, program)
    assert "another program ended its server" in told
    assert own.python("-c", "print(2)").text == "2\n", "the next one starts it again"


def test_a_program_of_wine_that_is_killed_is_said_with_its_signal(own: Lab) -> None:
    def kill() -> None:
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and is_launcher(entry):
                os.kill(int(entry.name), signal.SIGKILL)

    def is_launcher(entry: Path) -> bool:
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            ours = os.fsencode(own.root) in (entry / "environ").read_bytes()
        except OSError:
            return False
        return ours and any(word.endswith(b"launch.exe") for word in words)

    told = dying(own, kill, SLEEPS)
    assert "(signal SIGKILL; its server still runs; last output: bye)" in told


def test_two_programs_use_the_lab_at_once_whoever_starts_it(own: Lab) -> None:
    down(root=own.root)
    code = (
        "import sys; from pathlib import Path; from mlcbuild.lab import up\n"
        "lab = up(root=Path(sys.argv[1]))\n"
        "for i in range(8): print(lab.python('-c', f'print({i})').text.strip(), end='')\n"
    )
    users = [
        subprocess.Popen(
            [sys.executable, "-c", code, own.root],
            env={**os.environ, "PYTHONPATH": str(PYTHON)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    assert [user.communicate(timeout=300)[0] for user in users] == ["01234567"] * 2


def test_a_lab_that_is_ended_again_and_again_is_used_all_the_same(own: Lab) -> None:
    """Whoever had not begun is started again; whoever had is told. Nobody hangs."""
    over = threading.Event()

    def end() -> None:
        while not over.wait(1.5):
            down(root=own.root)

    def outcome() -> str:
        try:
            return own.python("-c", "print(3)").text
        except FailedError as error:
            return str(error)

    ending = threading.Thread(target=end)
    ending.start()
    began = time.monotonic()
    try:
        outcomes = [outcome() for _ in range(6)]
    finally:
        over.set()
        ending.join()
    assert time.monotonic() - began < 240
    assert all(o == "3\n" or "another program ended its server" in o for o in outcomes), outcomes
    assert own.python("-c", "print(4)").text == "4\n"
