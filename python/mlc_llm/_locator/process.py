"""This process as the loader sees it: the program's folder, System32, and what is loaded already.

A module that is loaded wins over every file of its name.
"""

from __future__ import annotations

import os
import sys

__all__ = ["loaded_module", "loaded_modules", "program_folder", "system_folder"]

_MANY = 4096


def system_folder() -> str:
    """Return Windows' System32."""
    return os.path.join(os.environ.get("SYSTEMROOT", "C:\\Windows"), "System32")


def program_folder() -> str:
    """Return the folder of the running program, which is searched before any added one.

    An environment's python.exe only starts that of the base, so this is the base's folder.
    """
    if sys.platform == "win32":
        return os.path.dirname(_file_of(None))
    return os.path.dirname(getattr(sys, "_base_executable", "") or sys.executable or "")


def loaded_module(name: str) -> str | None:
    """Return the path of the DLL ``name`` that Windows has loaded, None where there is none."""
    if sys.platform != "win32":
        return None
    import ctypes  # noqa: PLC0415

    kernel32 = ctypes.WinDLL("kernel32")
    kernel32.GetModuleHandleW.restype = ctypes.c_void_p
    kernel32.GetModuleHandleW.argtypes = [ctypes.c_wchar_p]
    handle = kernel32.GetModuleHandleW(name)
    return _file_of(handle) or None if handle else None


def loaded_modules() -> dict[str, str]:
    """Return all that Windows has loaded: name in small letters -> path. Elsewhere nothing."""
    if sys.platform != "win32":
        return {}
    import ctypes  # noqa: PLC0415

    kernel32 = ctypes.WinDLL("kernel32")
    handles = (ctypes.c_void_p * _MANY)()
    needed = ctypes.c_ulong()
    process = ctypes.c_void_p(-1)  # the running one
    if not kernel32.K32EnumProcessModules(
        process, handles, ctypes.sizeof(handles), ctypes.byref(needed)
    ):
        return {}
    count = min(needed.value // ctypes.sizeof(ctypes.c_void_p), _MANY)
    paths = [path for handle in handles[:count] if (path := _file_of(handle))]
    # Of two with one name the first is the one that counts.
    return {os.path.basename(path).lower(): path for path in reversed(paths)}


def _file_of(handle: int | None) -> str:
    """Return the file of a loaded module; of the program itself for None."""
    import ctypes  # noqa: PLC0415

    kernel32 = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]
    kernel32.GetModuleFileNameW.argtypes = [ctypes.c_void_p, ctypes.c_wchar_p, ctypes.c_uint]
    path = ctypes.create_unicode_buffer(32768)
    kernel32.GetModuleFileNameW(handle, path, len(path))
    return str(path.value)
