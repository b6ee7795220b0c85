"""How the loader compares names: base names, case, the default extension, API sets, KnownDLLs."""

from __future__ import annotations

from typing import Final

from mlcbuild.msvc import UCRT

#: KnownDLLs of Windows 10 and 11 (x64), with the DLLs that these import, which Windows adds: their
#: System32 copy is used whatever is in any folder. Source: the registry key
#: ``HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\KnownDLLs``.
# fmt: off
KNOWN_DLLS: Final = frozenset({
    "advapi32.dll", "bcryptprimitives.dll", "cfgmgr32.dll", "clbcatq.dll", "combase.dll",
    "comdlg32.dll", "coml2.dll", "difxapi.dll", "gdi32.dll", "gdi32full.dll", "gdiplus.dll",
    "imagehlp.dll", "imm32.dll", "kernel32.dll", "kernelbase.dll", "msctf.dll",
    "msvcp_win.dll", "msvcrt.dll", "normaliz.dll", "nsi.dll", "ntdll.dll", "ole32.dll",
    "oleaut32.dll", "psapi.dll", "rpcrt4.dll", "sechost.dll", "setupapi.dll", "shcore.dll",
    "shell32.dll", "shlwapi.dll", UCRT, "user32.dll", "win32u.dll", "wldap32.dll",
    "wow64.dll", "wow64cpu.dll", "wow64win.dll", "ws2_32.dll",
})
# fmt: on


def fold(name: str) -> str:
    """Return the name as compared: in lower case, letter by letter, with back slashes turned.

    Not ``str.casefold``, which turns a sharp s into ``ss``: Windows distinguishes the two.
    """
    return name.replace("\\", "/").lower()


def has_path(name: str) -> bool:
    """Return whether an imported name contains a folder or a drive (so is not a base name)."""
    return any(mark in name for mark in "/\\:")


def with_extension(name: str) -> str:
    """Append ``.dll`` where the last component has no dot; a trailing dot means no extension."""
    base = name.replace("\\", "/").rpartition("/")[2]
    if base.endswith("."):
        return name[:-1]
    return name if "." in base else f"{name}.dll"


def is_api_set(name: str) -> bool:
    """Return whether the name has an API set's form: ``api-...`` or ``ext-...``."""
    return fold(name).startswith(("api-", "ext-"))


def api_set_key(name: str) -> str:
    """Return the part of an API set's name that counts: all before the last hyphen.

    Windows ignores the last number of the version: ``api-ms-win-core-file-l1-2-9`` resolves where
    ``api-ms-win-core-file-l1-2-0`` does.
    """
    stem = fold(name).removesuffix(".dll")
    return stem.rpartition("-")[0] or stem


def forwarder_target(forwarder: str) -> tuple[str, str | int] | None:
    """Split ``DLL.name`` or ``DLL.#7`` at the last dot; None where it is malformed."""
    module, dot, symbol = forwarder.rpartition(".")
    if not dot or not module or not symbol:
        return None
    if not symbol.startswith("#"):
        return with_extension(module), symbol
    return (with_extension(module), int(symbol[1:])) if symbol[1:].isdecimal() else None
