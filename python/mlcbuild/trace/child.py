"""Load the images of a job and report each event: the program that a trace runs.

    python child.py JOB OUT

Runs as a file of its own with the standard library alone, in the Python under examination. JOB is
JSON (see ``probe.Job``); each line of OUT is one JSON event, written at once, so that the last one
tells where a process died. Windows only.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from ctypes import wintypes
from typing import Any

assert sys.platform == "win32"  # noqa: S101 - also tells the type checker

#: LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS, as CPython loads modules.
AS_PYTHON = 0x100 | 0x1000
#: LOAD_LIBRARY_SEARCH_DEFAULT_DIRS | LOAD_LIBRARY_AS_DATAFILE: find it, run nothing of it.
FIND_ONLY = 0x1000 | 0x2
#: No message boxes: SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX, SEM_NOOPENFILEERRORBOX.
SILENT = 0x1 | 0x2 | 0x8000
#: Tell the debugger when a load begins and ends (see ``debugger.MARK`` and ``DONE``).
MARK = b"mlcbuild: loading"
DONE = b"mlcbuild: loaded"

kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
kernel32.LoadLibraryExW.restype = wintypes.HMODULE
kernel32.LoadLibraryExW.argtypes = [wintypes.LPCWSTR, wintypes.HANDLE, wintypes.DWORD]
kernel32.GetModuleHandleW.restype = wintypes.HMODULE
kernel32.GetModuleHandleW.argtypes = [wintypes.LPCWSTR]
kernel32.GetProcAddress.restype = ctypes.c_void_p
kernel32.GetProcAddress.argtypes = [wintypes.HMODULE, ctypes.c_void_p]
kernel32.GetModuleFileNameW.argtypes = [wintypes.HMODULE, wintypes.LPWSTR, wintypes.DWORD]
kernel32.AddDllDirectory.restype = ctypes.c_void_p
kernel32.AddDllDirectory.argtypes = [wintypes.LPCWSTR]
kernel32.GetCurrentProcess.restype = wintypes.HANDLE
kernel32.TerminateProcess.argtypes = [wintypes.HANDLE, wintypes.UINT]


class Child:
    """One job."""

    def __init__(self, job: dict[str, Any], out: int) -> None:
        self.job = job
        self.out = out

    def say(self, event: str, **facts: object) -> None:
        """Write one event."""
        os.write(self.out, (json.dumps({"event": event, **facts}) + "\n").encode())

    def run(self) -> None:
        """Do the job."""
        self.say(
            "host",
            wine=wine_version(),
            version=list(sys.getwindowsversion()[:3]),
            python=sys.version.split()[0],
            bits=64 if sys.maxsize > 1 << 32 else 32,
            folder=os.path.dirname(getattr(sys, "_base_executable", sys.executable)),
            conda=os.path.isdir(os.path.join(sys.prefix, "conda-meta")),
            system=system_folder(),
        )
        kernel32.SetErrorMode(SILENT)
        if self.job.get("module"):
            self.import_module(self.job["module"])
        else:
            for folder in self.job["folders"]:
                kernel32.AddDllDirectory(folder)
            for path in self.job["before"]:
                kernel32.LoadLibraryExW(path, None, AS_PYTHON)
            for step in self.job["steps"]:
                if not self.load(step):
                    break
        self.say("done")

    def load(self, step: dict[str, Any]) -> bool:
        """Load one image; afterwards see what it needs."""
        self.say("loading", path=step["path"])
        kernel32.OutputDebugStringA(MARK)
        handle = kernel32.LoadLibraryExW(step["path"], None, AS_PYTHON)
        error = 0 if handle else ctypes.get_last_error()
        kernel32.OutputDebugStringA(DONE)
        self.say("loaded" if handle else "refused", path=step["path"], error=error)
        if not handle:
            kernel32.AddDllDirectory(os.path.dirname(step["path"]))
        for need in step["needs"]:
            self.look_at(step, need)
        return bool(handle)

    def look_at(self, step: dict[str, Any], need: dict[str, Any]) -> None:
        """Tell a need that is not found, and symbols that it does not export."""
        handle = kernel32.GetModuleHandleW(need["name"])
        if not handle:
            found = kernel32.LoadLibraryExW(need["name"], None, FIND_ONLY)
            error = 0 if found else ctypes.get_last_error()
            self.say("need", importer=step["path"], name=need["name"], error=error)
            return
        missing = [symbol for symbol in need["symbols"] if not exported(handle, symbol)]
        if missing:
            where = file_of(handle)
            self.say("lacks", importer=step["path"], name=need["name"], path=where, symbols=missing)

    def import_module(self, name: str) -> None:
        """Import a Python module and tell every native image and folder on the way."""
        waiting: list[str] = []

        def settle() -> None:
            while waiting:
                path = waiting.pop()
                self.say("settled", path=path, loaded=bool(kernel32.GetModuleHandleW(path)))

        def hook(event: str, args: tuple[Any, ...]) -> None:
            if event == "ctypes.dlopen" and args[0]:
                path = os.fspath(args[0])
            elif event == "import" and args[1]:
                path = os.fspath(args[1])
            elif event == "os.add_dll_directory":
                self.say("folder", path=os.fspath(args[0]))
                return
            else:
                return
            settle()
            if "/" in path or "\\" in path:
                path = os.path.abspath(path)  # as the loader knows it
            waiting.append(path)
            self.say("loading", path=path)

        sys.addaudithook(hook)
        kernel32.OutputDebugStringA(MARK)
        try:
            __import__(name)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the answer
            settle()
            self.say("raised", **told(error))
        else:
            settle()
            self.say("imported")


def told(error: BaseException) -> dict[str, object]:
    """Return what the first of a chain of exceptions says, which is nearest to the cause."""
    chain = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(inner)
    native = [each for each in chain if getattr(each, "winerror", None)]
    first = native[-1] if native else chain[-1]
    return {
        "type": type(first).__name__,
        "text": str(first),
        "error": getattr(first, "winerror", None),
        "last": f"{type(error).__name__}: {error}",
        "explained": explained(chain),
        "module": str(getattr(first, "name", None) or ""),
        "owner": owner(str(getattr(first, "name", None) or "")),
    }


def explained(chain: list[BaseException]) -> dict[str, str]:
    """Return the image that an exception itself names, as mlc_llm's LibraryLoadError does."""
    names = ("cause", "culprit", "reason", "fix", "path")
    for each in chain:
        facts = {name: getattr(each, name, None) for name in names}
        if all(isinstance(fact, str) for fact in facts.values()):
            return {name: str(fact) for name, fact in facts.items()}
    return {}


def owner(module: str) -> str:
    """Return the distribution that a module's package came with; empty where none did."""
    from importlib import metadata  # noqa: PLC0415 - only after a failure

    found = metadata.packages_distributions().get(module.partition(".")[0], [])
    return found[0] if found else ""


def exported(handle: int, symbol: str | int) -> bool:
    """Return whether a loaded module exports a name or an ordinal."""
    if isinstance(symbol, int):
        return bool(kernel32.GetProcAddress(handle, symbol))
    name = ctypes.c_char_p(symbol.encode("utf-8"))
    return bool(kernel32.GetProcAddress(handle, ctypes.cast(name, ctypes.c_void_p)))


def file_of(handle: int | None) -> str:
    """Return the path of a loaded module."""
    buffer = ctypes.create_unicode_buffer(32768)
    kernel32.GetModuleFileNameW(handle, buffer, len(buffer))
    return buffer.value


def wine_version() -> str:
    """Return Wine's version; empty on Windows."""
    try:
        version = ctypes.WinDLL("ntdll").wine_get_version
    except AttributeError:
        return ""
    version.restype = ctypes.c_char_p
    return (version() or b"").decode()


def system_folder() -> str:
    """Return System32."""
    buffer = ctypes.create_unicode_buffer(260)
    kernel32.GetSystemDirectoryW(buffer, len(buffer))
    return buffer.value


def main() -> None:
    """Run the job of the command line, then end without DLL detach, which may hang."""
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    out = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_BINARY)
    if sys.path and os.path.dirname(os.path.abspath(__file__)) == os.path.abspath(sys.path[0]):
        sys.path[0] = ""  # the current folder, as python -c has it
    Child(job, out).run()
    kernel32.TerminateProcess(kernel32.GetCurrentProcess(), 0)


if __name__ == "__main__":
    main()
