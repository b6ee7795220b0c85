"""Child processes: a time limit, a described exit code, output in a log, no leftovers.

Every child leads a process group (on Windows a job) of its own: what it starts ends with it.

A tree found by parents (``taskkill /T``) loses what a process left behind when it ended itself:
its children's parent is gone. A job keeps them, and ends them when its handle closes, even where
we die.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mlcbuild.codes import find_code
from mlcbuild.logfile import CHILDREN
from mlcbuild.programs import start


class Job:
    """An open job; ``end`` may be called twice."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def end(self) -> None:
        """End every process of the job."""
        if self._handle and sys.platform == "win32":
            kernel = _kernel()
            kernel.TerminateJobObject(self._handle, 1)
            kernel.CloseHandle(self._handle)
        self._handle = 0


def start_in_job(process: subprocess.Popen[Any]) -> Job:
    """Put a process that was started suspended into a job of its own, and let it run.

    Where Windows refuses a job (one that allows none inside holds us), the process runs without.
    """
    if sys.platform != "win32":
        return Job(0)
    import ctypes  # noqa: PLC0415 - Windows alone pays for it

    kernel = _kernel()
    handle = kernel.CreateJobObjectW(None, None)
    # JOBOBJECT_EXTENDED_LIMIT_INFORMATION, 112 bytes for a 32-bit Python: its fifth word is
    # LimitFlags.
    limits = (ctypes.c_uint32 * ((144 if sys.maxsize > 1 << 32 else 112) // 4))()
    limits[4] = 0x2000  # JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
    own = int(process._handle)  # noqa: SLF001 - Popen has no other way to it
    if handle and not (
        kernel.SetInformationJobObject(handle, 9, limits, ctypes.sizeof(limits))
        and kernel.AssignProcessToJobObject(handle, own)
    ):
        kernel.CloseHandle(handle)
        handle = 0
    # Popen closes the handle of the first thread, which ResumeThread needs.
    resume = ctypes.windll.ntdll.NtResumeProcess
    resume(ctypes.c_void_p(own))
    return Job(handle or 0)


def _kernel() -> Any:  # noqa: ANN401 - a library of functions
    import ctypes  # noqa: PLC0415

    kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
    kernel.CreateJobObjectW.restype = ctypes.c_void_p
    for name, types in {
        "SetInformationJobObject": [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint],
        "AssignProcessToJobObject": [ctypes.c_void_p, ctypes.c_void_p],
        "TerminateJobObject": [ctypes.c_void_p, ctypes.c_uint],
        "CloseHandle": [ctypes.c_void_p],
    }.items():
        getattr(kernel, name).argtypes = types
    return kernel


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
