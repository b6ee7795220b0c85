"""A minimal debugger: logs a child's loads, exceptions and debug output, without special rights.

    python debugger.py LOG LIMIT CHILD ARGUMENT...

Starts ``python CHILD ARGUMENT...`` with DEBUG_ONLY_THIS_PROCESS and writes each event as one line
of JSON to LOG. Exceptions are seen here before the loader swallows them, whatever state the child
is in, an exhausted stack included. LIMIT is in seconds. Runs as a file of its own with the
standard library alone. Windows only.

Loader snaps (FLG_SHOW_LDR_SNAPS) are requested in the child's own environment block, which needs no
administrator; if Windows honours that, its lines arrive as debug strings.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
from ctypes import wintypes

from thrown import thrown  # type: ignore[import-not-found] # beside this file, which is a program

assert sys.platform == "win32"  # noqa: S101 - also tells the type checker

DEBUG_ONLY_THIS_PROCESS = 0x2
CREATE_NO_WINDOW = 0x08000000
CONTINUE = 0x00010002
NOT_HANDLED = 0x80010001
BREAKPOINTS = (0x80000003, 0x4000001F)
EXCEPTION, CREATE_THREAD, CREATE_PROCESS, EXIT_THREAD, EXIT_PROCESS = 1, 2, 3, 4, 5
LOAD_DLL, UNLOAD_DLL, DEBUG_STRING = 6, 7, 8
SHOW_LDR_SNAPS = 0x2
#: Offset of NtGlobalFlag in the process environment block.
GLOBAL_FLAG = 0xBC if sys.maxsize > 1 << 32 else 0x68
#: What the child says before each load and after it: all else is Python's own.
MARK = "mlcbuild: loading"
DONE = "mlcbuild: loaded"
LONGEST = 4000

kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
ntdll = ctypes.WinDLL("ntdll")
Pointer = ctypes.c_void_p


class ExceptionRecord(ctypes.Structure):
    """EXCEPTION_RECORD."""

    _fields_ = [
        ("code", wintypes.DWORD),
        ("flags", wintypes.DWORD),
        ("inner", Pointer),
        ("address", Pointer),
        ("count", wintypes.DWORD),
        ("information", ctypes.c_size_t * 15),
    ]


class ExceptionInfo(ctypes.Structure):
    """EXCEPTION_DEBUG_INFO."""

    _fields_ = [("record", ExceptionRecord), ("first", wintypes.DWORD)]


class ProcessInfo(ctypes.Structure):
    """CREATE_PROCESS_DEBUG_INFO, as far as it is read."""

    _fields_ = [
        ("file", wintypes.HANDLE),
        ("process", wintypes.HANDLE),
        ("thread", wintypes.HANDLE),
        ("base", Pointer),
    ]


class DllInfo(ctypes.Structure):
    """LOAD_DLL_DEBUG_INFO, as far as it is read; UNLOAD_DLL_DEBUG_INFO is a base alone."""

    _fields_ = [("file", wintypes.HANDLE), ("base", Pointer)]


class StringInfo(ctypes.Structure):
    """OUTPUT_DEBUG_STRING_INFO."""

    _fields_ = [("data", Pointer), ("wide", wintypes.WORD), ("length", wintypes.WORD)]


class Info(ctypes.Union):
    """The union of DEBUG_EVENT."""

    _fields_ = [
        ("exception", ExceptionInfo),
        ("process", ProcessInfo),
        ("dll", DllInfo),
        ("base", Pointer),
        ("string", StringInfo),
        ("code", wintypes.DWORD),
    ]


class DebugEvent(ctypes.Structure):
    """DEBUG_EVENT."""

    _fields_ = [
        ("kind", wintypes.DWORD),
        ("process", wintypes.DWORD),
        ("thread", wintypes.DWORD),
        ("info", Info),
    ]


class StartupInfo(ctypes.Structure):
    """STARTUPINFOW."""

    _fields_ = [
        ("size", wintypes.DWORD),
        ("strings", Pointer * 3),
        ("numbers", wintypes.DWORD * 8),
        ("words", wintypes.WORD * 2),
        ("reserved", Pointer),
        ("handles", wintypes.HANDLE * 3),
    ]


class ProcessInformation(ctypes.Structure):
    """PROCESS_INFORMATION."""

    _fields_ = [
        ("process", wintypes.HANDLE),
        ("thread", wintypes.HANDLE),
        ("process_id", wintypes.DWORD),
        ("thread_id", wintypes.DWORD),
    ]


kernel32.ReadProcessMemory.argtypes = [
    wintypes.HANDLE, Pointer, Pointer, ctypes.c_size_t, ctypes.POINTER(ctypes.c_size_t)
]  # fmt: skip
kernel32.WriteProcessMemory.argtypes = kernel32.ReadProcessMemory.argtypes
kernel32.GetFinalPathNameByHandleW.argtypes = [
    wintypes.HANDLE, wintypes.LPWSTR, wintypes.DWORD, wintypes.DWORD
]  # fmt: skip
kernel32.TerminateProcess.argtypes = [wintypes.HANDLE, wintypes.UINT]
kernel32.CloseHandle.argtypes = [wintypes.HANDLE]
ntdll.NtQueryInformationProcess.argtypes = [
    wintypes.HANDLE, wintypes.DWORD, Pointer, wintypes.ULONG, Pointer
]  # fmt: skip


class Debugger:
    """One debugged child."""

    def __init__(self, log: int, limit_s: float) -> None:
        self.log = log
        self.deadline = time.monotonic() + limit_s
        self.process: int = 0
        self.modules: dict[int, tuple[str, int]] = {}
        self.marked = False
        self.loading = False
        self.timed_out = False

    def say(self, kind: str, text: str, **facts: object) -> None:
        """Write one line, once the child has begun."""
        if self.marked or kind == "exit":
            line = json.dumps({"event": "log", "kind": kind, "text": text, **facts})
            os.write(self.log, (line + "\n").encode())

    def run(self, command: list[str]) -> None:
        """Start the child and see it to its end."""
        start, made = StartupInfo(), ProcessInformation()
        start.size = ctypes.sizeof(start)
        line = ctypes.create_unicode_buffer(subprocess.list2cmdline(command))
        flags = DEBUG_ONLY_THIS_PROCESS | CREATE_NO_WINDOW
        if not kernel32.CreateProcessW(
            command[0], line, None, None, False, flags, None, None,
            ctypes.byref(start), ctypes.byref(made),
        ):  # fmt: skip
            raise ctypes.WinError(ctypes.get_last_error())
        self.process = made.process
        event = DebugEvent()
        while True:
            left = self.deadline - time.monotonic()
            if left <= 0 and not self.timed_out:
                self.timed_out = True
                kernel32.TerminateProcess(self.process, 1)
            if not kernel32.WaitForDebugEvent(ctypes.byref(event), max(1, int(left * 1000))
                                              if not self.timed_out else 5000):  # fmt: skip
                if self.timed_out:
                    self.say("exit", "ended at the time limit", code=1, timed_out=True)
                    return
                continue
            status = self.handle(event)
            kernel32.ContinueDebugEvent(event.process, event.thread, status)
            if event.kind == EXIT_PROCESS:
                return

    def handle(self, event: DebugEvent) -> int:
        """Tell one event; return how to go on."""
        info = event.info
        if event.kind == EXCEPTION:
            return self.on_exception(info.exception)
        if event.kind == CREATE_PROCESS:
            self.ask_for_snaps()
            self.add(info.process.base, info.process.file)
        elif event.kind == LOAD_DLL:
            self.say("load", self.add(info.dll.base, info.dll.file))
        elif event.kind == UNLOAD_DLL:
            self.say("unload", self.modules.pop(info.base or 0, ("", 0))[0])
        elif event.kind == DEBUG_STRING:
            self.on_string(info.string)
        elif event.kind == EXIT_PROCESS:
            said = "ended at the time limit" if self.timed_out else f"exit code 0x{info.code:X}"
            self.say("exit", said, code=info.code, timed_out=self.timed_out)
        return CONTINUE

    def on_exception(self, info: ExceptionInfo) -> int:
        """Tell an exception; breakpoints of the start are Windows' greeting to a debugger."""
        record = info.record
        if record.code in BREAKPOINTS and not self.marked:
            return CONTINUE
        module, offset = self.place(record.address or 0)
        turn = "first chance" if info.first else "unhandled"
        parameters = list(record.information[: min(record.count, 15)])
        self.say(
            "exception", f"0x{record.code:08X} at {module}+0x{offset:X}, {turn}",
            code=record.code, module=module, rva=offset, loading=self.loading,
            unhandled=not info.first, says=thrown(record.code, parameters, self.read),
        )  # fmt: skip
        return NOT_HANDLED

    def on_string(self, info: StringInfo) -> None:
        """Tell a debug string; the mark is the child's own."""
        data = self.read(info.data or 0, min(info.length, LONGEST))
        text = data.decode("utf-16-le" if info.wide else "mbcs", errors="replace").rstrip("\0\r\n")
        if text in (MARK, DONE):
            self.marked, self.loading = True, text == MARK
        else:
            self.say("debug", text)

    def add(self, base: int | None, file: int | None) -> str:
        """Remember a mapped image; return its path."""
        buffer = ctypes.create_unicode_buffer(32768)
        path = ""
        if file and kernel32.GetFinalPathNameByHandleW(file, buffer, len(buffer), 0):
            path = buffer.value.removeprefix("\\\\?\\")
        if file:
            kernel32.CloseHandle(file)
        header = int.from_bytes(self.read((base or 0) + 0x3C, 4), "little")
        size = int.from_bytes(self.read((base or 0) + header + 0x18 + 0x38, 4), "little")
        self.modules[base or 0] = (path, size)
        return path

    def place(self, address: int) -> tuple[str, int]:
        """Return the image that holds an address, and the offset in it."""
        for base, (path, size) in self.modules.items():
            if base <= address < base + size:
                return path, address - base
        return "", address

    def read(self, address: int, count: int) -> bytes:
        """Return bytes of the child's memory; none where they cannot be read."""
        buffer = ctypes.create_string_buffer(count)
        done = ctypes.c_size_t()
        if not kernel32.ReadProcessMemory(self.process, address, buffer, count, ctypes.byref(done)):
            return b""
        return buffer.raw[: done.value]

    def ask_for_snaps(self) -> None:
        """Set FLG_SHOW_LDR_SNAPS in the child's environment block, before its loader starts."""
        basic = (ctypes.c_void_p * 6)()  # PROCESS_BASIC_INFORMATION; the second is the block
        if ntdll.NtQueryInformationProcess(
            self.process, 0, ctypes.byref(basic), ctypes.sizeof(basic), None
        ):
            return
        at = (basic[1] or 0) + GLOBAL_FLAG
        flags = int.from_bytes(self.read(at, 4), "little") | SHOW_LDR_SNAPS
        data = flags.to_bytes(4, "little")
        kernel32.WriteProcessMemory(self.process, at, data, 4, None)


def main(arguments: list[str]) -> None:
    """Debug what the command line names."""
    log = os.open(arguments[0], os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_BINARY)
    python = getattr(sys, "_base_executable", sys.executable)
    if python != sys.executable:
        # A venv's python.exe only starts the real one, which would not be debugged.
        os.environ["__PYVENV_LAUNCHER__"] = sys.executable
    command = [python, *arguments[2:]]
    Debugger(log, float(arguments[1])).run(command)


if __name__ == "__main__":
    main(sys.argv[1:])
