"""Windows' job objects: a process and all that it starts, ended together.

A tree found by parents (``taskkill /T``) loses what a process left behind when it ended itself:
its children's parent is gone. A job keeps them, and ends them when its handle closes, even where
we die.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess


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
