"""The chain of programs that started this one, on Windows.

Windows stores only the parent's process id, which another process may have reused: a parent that
started after its child is not the parent, and ends the chain. Source: Microsoft,
CreateToolhelp32Snapshot and PROCESSENTRY32W (th32ParentProcessID).
"""

from __future__ import annotations

import ctypes
import os
import sys

_SNAPSHOT_OF_PROCESSES = 0x2
_LIMITED_INFORMATION = 0x1000
_MAX_PATH = 260
#: Chains are short; the limit stops a loop of reused ids.
_LONGEST = 20


class _Entry(ctypes.Structure):
    """PROCESSENTRY32W."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("usage", ctypes.c_uint32),
        ("id", ctypes.c_uint32),
        ("heap", ctypes.c_size_t),
        ("module", ctypes.c_uint32),
        ("threads", ctypes.c_uint32),
        ("parent", ctypes.c_uint32),
        ("priority", ctypes.c_int32),
        ("flags", ctypes.c_uint32),
        ("name", ctypes.c_wchar * _MAX_PATH),
    )


def callers() -> tuple[str, ...]:
    """Return the names of the parents, nearest first; empty on other systems."""
    if sys.platform != "win32":
        return ()
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    processes = _processes(kernel)
    found: list[str] = []
    process = os.getpid()
    while process in processes and len(found) < _LONGEST:
        parent = processes[process][0]
        if parent not in processes or _began(kernel, parent) > _began(kernel, process):
            break
        found.append(processes[parent][1])
        process = parent
    return tuple(found)


def _processes(kernel: ctypes.CDLL) -> dict[int, tuple[int, str]]:
    """Return each process's parent and program, by process id."""
    kernel.CreateToolhelp32Snapshot.restype = ctypes.c_void_p
    snapshot = ctypes.c_void_p(kernel.CreateToolhelp32Snapshot(_SNAPSHOT_OF_PROCESSES, 0))
    entry = _Entry(size=ctypes.sizeof(_Entry))
    found = {}
    more = kernel.Process32FirstW(snapshot, ctypes.byref(entry))
    while more:
        found[entry.id] = (entry.parent, entry.name)
        more = kernel.Process32NextW(snapshot, ctypes.byref(entry))
    kernel.CloseHandle(snapshot)
    return found


def _began(kernel: ctypes.CDLL, process: int) -> int:
    """Return a process's start time in 100 ns; 0 where access is denied."""
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(kernel.OpenProcess(_LIMITED_INFORMATION, 0, process))
    if handle.value is None:
        return 0
    times = [ctypes.c_uint64() for _ in range(4)]
    good = kernel.GetProcessTimes(handle, *(ctypes.byref(time) for time in times))
    kernel.CloseHandle(handle)
    return times[0].value if good else 0
