"""What this process has loaded already: a module of the same name wins over every file."""

from __future__ import annotations

import sys

__all__ = ["loaded_module"]


def loaded_module(name: str) -> str | None:
    """Return the path of the DLL ``name`` that Windows has loaded, None where there is none."""
    if sys.platform != "win32":
        return None
    import ctypes  # noqa: PLC0415
    from ctypes import wintypes  # noqa: PLC0415

    kernel32 = ctypes.WinDLL("kernel32")
    kernel32.GetModuleHandleW.restype = ctypes.c_void_p
    kernel32.GetModuleHandleW.argtypes = [wintypes.LPCWSTR]
    kernel32.GetModuleFileNameW.argtypes = [ctypes.c_void_p, ctypes.c_wchar_p, ctypes.c_uint]
    handle = kernel32.GetModuleHandleW(name)
    if not handle:
        return None
    path = ctypes.create_unicode_buffer(32768)
    kernel32.GetModuleFileNameW(handle, path, len(path))
    return path.value or None
