"""Run one Windows program: full exit code, separate output, a time limit, no leftover processes."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import IO, Final

from mlcbuild import programs
from mlcbuild.errors import FailedError, UsageError
from mlcbuild.lab.waiting import Ending, wait
from mlcbuild.lab.wine import Prefix, windows_path
from mlcbuild.supervised import Finished

#: Set in the environment of every process of a run, to find them all.
_MARK: Final = "MLCBUILD_LAB_RUN"
#: Read by launch.c.
_DESKTOP: Final = "MLCBUILD_LAB_DESKTOP"
_NOT_FOUND: Final = (2, 3)  # CreateProcess: no such file, no such folder
#: ERROR_INTERNAL_ERROR: on a busy machine about one process in some thousand dies at its start.
START_FAILED: Final = 1359
_BLOCK: Final = 1 << 16
#: Seconds to keep reading output after all its writers were ended.
_DRAIN_S: Final = 5.0
#: Blocks of standard error kept for the error message if Wine dies.
_LAST: Final = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Completed:
    """How a program ended. ``code`` is Windows' exit code, 0 to 0xFFFFFFFF; output is raw bytes.

    ``timed_out``: it was ended at its time limit or by ``stop``; ``code`` is meaningless.
    """

    code: int
    stdout: bytes
    stderr: bytes
    seconds: float
    timed_out: bool = False

    @property
    def text(self) -> str:
        """Standard output decoded as UTF-8, with plain line ends."""
        return self.stdout.decode(errors="replace").replace("\r\n", "\n")

    @property
    def errors(self) -> str:
        """Standard error decoded as UTF-8, with plain line ends."""
        return self.stderr.decode(errors="replace").replace("\r\n", "\n")

    def finished(self, output: str) -> Finished:
        """Return it as a child process of this machine, with ``output``."""
        return Finished(
            code=self.code, output=output, seconds=self.seconds, timed_out=self.timed_out
        )


def run_program(
    prefix: Prefix,
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    stdin: bytes | IO[bytes] | None,
    limit_s: float | None,
    sinks: tuple[Callable[[bytes], object], Callable[[bytes], object]] | None,
    stop: Callable[[], bool],
) -> Completed:
    """Run a program in a prefix whose server runs, to its end, to ``limit_s`` seconds or ``stop``.

    With a DISPLAY in ``environment`` it gets its own desktop on that display. ``sinks`` receive the
    blocks of stdout and stderr as they come; else they are in the result. All its leftover
    processes are ended. Raises ``UsageError`` where Windows finds no such program,
    ``EarlyEndError`` where Wine exited before it started, ``FailedError`` where it cannot be
    started or Wine exited first.
    """
    began = time.monotonic()
    mark = uuid.uuid4().hex
    desktop = {_DESKTOP: mark} if "DISPLAY" in environment else {}
    with tempfile.TemporaryDirectory(prefix="mlcbuild-lab-") as scratch:
        report = Path(scratch) / "report"
        process = programs.start(
            [
                *(prefix.programs.wine, str(prefix.launcher), windows_path(report)),
                *arguments,
            ],
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**prefix.environment(environment), **desktop, _MARK: mark},
            cwd=folder,
            start_new_session=True,  # Ctrl-C reaches only us: we end them
        )
        taken = (bytearray(), bytearray())
        into = sinks or (taken[0].extend, taken[1].extend)
        last: deque[bytes] = deque(maxlen=_LAST)
        readers = [
            _thread(_pump, process.stdout, into[0]),
            _thread(_pump, process.stderr, into[1], last.append),
        ]
        if stdin is not None:
            _thread(_feed, stdin, process.stdin)
        try:
            ending = wait(process, limit_s, lambda: prefix.serves, stop)
        finally:
            _end_all(mark)
            process.kill()
            process.wait()
            for reader in readers:
                reader.join(_DRAIN_S)
        said = report.read_text(encoding="ascii").split() if report.exists() else []
    if ending != "limit":
        program = PureWindowsPath(arguments[0]).name
        _refuse(program, said, lambda: _last_words(process, ending, b"".join(last), prefix))
    return Completed(
        code=int(said[1]) if said else 1,
        stdout=bytes(taken[0]),
        stderr=bytes(taken[1]),
        seconds=time.monotonic() - began,
        timed_out=ending == "limit",
    )


class EarlyEndError(FailedError):
    """Wine exited before the program started: it can be run again."""


def _refuse(program: str, said: list[str], why: Callable[[], str]) -> None:
    """Raise where the program did not run to its end."""
    remedy = (
        "run it again; `mlcbuild lab down` or a killed wineserver ends every program of the lab"
    )
    if not said:
        raise EarlyEndError(f"Wine exited before {program} started ({why()})", remedy=remedy)
    if said[0] == "begin":
        raise FailedError(f"Wine exited before {program} finished ({why()})", remedy=remedy)
    if said[0] == "start":
        number = int(said[1])
        if number in _NOT_FOUND:
            raise UsageError(f"Windows finds no program {program}", remedy="give its path")
        if number == START_FAILED:
            raise EarlyEndError(f"Wine could not start {program} (error {number})", remedy=remedy)
        raise FailedError(f"Windows cannot start {program} (error {number})")


def _last_words(
    process: subprocess.Popen[bytes], ending: Ending, errors: bytes, prefix: Prefix
) -> str:
    """Describe how Wine's process ended, whether its server was ended, and its last output."""
    code = process.returncode
    if ending == "server":
        how = "it waited for a server that has exited"
    else:
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    server = "another program ended its server" if _is_gone(prefix) else "its server still runs"
    lines = errors.decode(errors="replace").strip().splitlines()
    return f"{how}; {server}; {f'last output: {lines[-1]}' if lines else 'no output'}"


def _is_gone(prefix: Prefix) -> bool:
    """Whether the server has exited or is about to: its clients die just before it."""
    for _ in range(20):
        if not prefix.serves:
            return True
        time.sleep(0.1)
    return False


def _thread(target: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, daemon=True)
    thread.start()
    return thread


def _pump(stream: IO[bytes], *sinks: Callable[[bytes], object]) -> None:
    """Forward the output; a failing sink (whose reader has gone) must not block the writer."""
    while block := os.read(stream.fileno(), _BLOCK):
        for sink in sinks:
            with suppress(OSError, ValueError):
                sink(block)


def _feed(source: bytes | IO[bytes], stream: IO[bytes]) -> None:
    """Write the input and close it; the program may exit without reading it."""
    with suppress(OSError, ValueError):
        if isinstance(source, bytes):
            stream.write(source)
        else:
            while block := os.read(source.fileno(), _BLOCK):
                stream.write(block)
                stream.flush()
    with suppress(OSError, ValueError):
        stream.close()


def _end_all(mark: str) -> None:
    """End every process with our mark, repeatedly: one may have started another."""
    wanted = f"{_MARK}={mark}".encode()
    while found := [pid for pid in _processes() if wanted in _variables(pid)]:
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _variables(pid: int) -> list[bytes]:
    """Return a process's environment as it started; empty for a dead one or another user's."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
