"""Load libraries one by one and tell what each does: a program of its own, run in a child process.

    python -I -X faulthandler leaf_first.py ADDED_FOLDER... -- LIBRARY...

Leaves come first, so the first library that fails has all it needs: its own initialiser is guilty.
It writes ``load N``, then ``good N`` or ``fail N WINERROR``; where an exception is raised in
between, ``exception CODE MODULE``, also for those that the loader swallows. The process may die at
any of them, which tells as much. Windows only.
"""

from __future__ import annotations

import ctypes
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["main"]

#: The thread has no stack left to run Python on.
_STACK_OVERFLOW = 0xC00000FD
#: SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX, SEM_NOOPENFILEERRORBOX: nobody sees a dialog.
_NO_DIALOGS = 0x8003
#: Below these are messages and breakpoints, not errors (NTSTATUS: severity in the two top bits).
_FIRST_ERROR = 0xC0000000


def main(words: list[str]) -> int:
    """Load what follows ``--``; return 0 where all of it loads."""
    ending = words.index("--")
    keep: list[Any] = [os.add_dll_directory(folder) for folder in words[:ending]]  # type: ignore[attr-defined]
    keep.append(_watch())
    for number, library in enumerate(words[ending + 1 :]):
        _say(f"load {number}")
        try:
            keep.append(ctypes.CDLL(library))
        except OSError as error:
            winerror = getattr(error, "winerror", None)
            # For 126 ctypes raises an error that has lost the number.
            _say(f"fail {number} {126 if winerror is None else winerror}")
            return 1
        _say(f"good {number}")
    return 0


def _say(text: str) -> None:
    os.write(1, (text + "\n").encode("utf-8", "backslashreplace"))


def _watch() -> Any:  # noqa: ANN401 - a ctypes callback, to be kept
    """Report every exception that a library raises, before the loader turns it into a number."""
    kernel32 = ctypes.windll.kernel32  # type: ignore[attr-defined]
    kernel32.SetErrorMode(_NO_DIALOGS)
    kernel32.GetModuleHandleExW.argtypes = [ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p]
    kernel32.GetModuleFileNameW.argtypes = [ctypes.c_void_p, ctypes.c_wchar_p, ctypes.c_uint]
    kernel32.AddVectoredExceptionHandler.argtypes = [ctypes.c_uint, ctypes.c_void_p]
    kernel32.AddVectoredExceptionHandler.restype = ctypes.c_void_p

    def report(pointers: int) -> int:
        # EXCEPTION_POINTERS -> EXCEPTION_RECORD: code, flags, next record, address.
        record = ctypes.c_void_p.from_address(pointers).value or 0
        code = ctypes.c_uint32.from_address(record).value
        if code == _STACK_OVERFLOW or code < _FIRST_ERROR:
            return 0
        address = ctypes.c_void_p.from_address(record + 8 + ctypes.sizeof(ctypes.c_void_p)).value
        module, name = ctypes.c_void_p(), ctypes.create_unicode_buffer(32768)
        # 6: the address is in the module, and its count stays as it is.
        if kernel32.GetModuleHandleExW(6, address, ctypes.byref(module)):
            kernel32.GetModuleFileNameW(module, name, len(name))
        _say(f"exception {code} {name.value}")
        return 0  # EXCEPTION_CONTINUE_SEARCH: the loader sees it as if we were not here

    handler = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p)(report)
    kernel32.AddVectoredExceptionHandler(0, ctypes.cast(handler, ctypes.c_void_p))
    return handler


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
