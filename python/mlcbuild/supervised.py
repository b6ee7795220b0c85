"""Child processes: a time limit, a described exit code, output in a log, no leftovers.

Every child leads a process group (on Windows a job) of its own: what it starts ends with it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.codes import find_code
from mlcbuild.logfile import CHILDREN
from mlcbuild.programs import start
from mlcbuild.windows_job import Job, start_in_job

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

#: Seconds a child has to end by itself when it is asked to.
_GRACE_S: Final = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """One ended child. ``output`` is what it wrote, stdout and stderr in order."""

    code: int
    output: str
    seconds: float
    timed_out: bool = False

    @property
    def outcome(self) -> str:
        """A description of how it ended."""
        if self.timed_out:
            return f"did not finish in {self.seconds:.0f} s and was ended"
        return describe_exit(self.code)


def describe_exit(code: int) -> str:
    """Describe an exit code: a POSIX signal, a Windows NTSTATUS, or the number."""
    if code < 0 and sys.platform != "win32":
        with contextlib.suppress(ValueError):
            return f"died of {signal.Signals(-code).name}"
    known = find_code(str(code))
    if known is not None and known.kind == "NTSTATUS":
        return f"died of {known.name} (0x{known.number:08X}: {known.meaning})"
    return f"exit code {code}"


def _stop_tree(process: subprocess.Popen[Any], job: Job | None) -> None:
    """End the child and everything it started; returns when it is gone."""
    if job is not None:
        job.end()
    if sys.platform == "win32":
        process.kill()  # where there could be no job, at least the child ends
    else:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)  # its group is there as long as any member is
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_S)
    process.wait()


@contextlib.contextmanager
def service(
    arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a child that writes to ``log`` and end its whole tree on leaving.

    Raises ``OSError`` where it cannot be started.
    """
    own_group: dict[str, Any] = (
        {"creationflags": 0x204}  # CREATE_NEW_PROCESS_GROUP, CREATE_SUSPENDED
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    with log.open("ab") as output:
        output.write(f"\n== {' '.join(arguments)}\n".encode(errors="backslashreplace"))
        output.flush()
        process = start(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            **own_group,
        )
        job = start_in_job(process) if sys.platform == "win32" else None
    try:
        yield process
    finally:
        _stop_tree(process, job)


def run_child(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    log: Path,
    limit_s: float,
) -> Finished:
    """Run a child to its end or to ``limit_s`` seconds; its output is appended to ``log``."""
    began = time.monotonic()
    before = log.stat().st_size if log.exists() else 0
    timed_out = False
    with service(arguments, environment=environment, folder=folder, log=log) as process:
        try:
            process.wait(limit_s)
        except subprocess.TimeoutExpired:
            timed_out = True
    with log.open("rb") as output:
        output.seek(before)
        text = output.read().decode(errors="replace")
    CHILDREN.debug("%s", text.strip())
    return Finished(
        code=process.returncode,
        output=text.partition("\n== ")[2].partition("\n")[2],
        seconds=time.monotonic() - began,
        timed_out=timed_out,
    )
