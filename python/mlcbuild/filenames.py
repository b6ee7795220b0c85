"""Validate file names that come from an index, a repository or an archive.

A name is never a path: it names one file of the folder that we chose, on every system.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

#: Devices of Windows in every folder, with any ending (learn.microsoft.com/windows/win32/fileio/
#: naming-a-file); the superscript digits count as digits there.
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789\u00b9\u00b2\u00b3"}
)
#: Separators, drives and alternate streams, wildcards, and what the shell of Windows redirects.
_FORBIDDEN: Final = frozenset('<>:"/|?*\\')
#: Bytes that one name may have on ext4, APFS (in UTF-8) and NTFS (in UTF-16).
_LONGEST: Final = 255


def is_plain(name: str) -> bool:
    """Return whether a name is a plain file name on every system, however it is decoded.

    ``%2e%2e%2f`` is rejected like ``../``: the next reader of the name may decode it.
    """
    while True:
        if not _is_plain(name):
            return False
        decoded = unquote(name, errors="surrogateescape")
        if decoded == name:
            return True
        name = decoded


def plain(name: str) -> str:
    """Return the name. Raises ``ValueError``, which shows it escaped, if it is not a plain one."""
    if not is_plain(name):
        raise ValueError(f"{name[:_LONGEST]!a} is not a valid file name")
    return name


def is_device(name: str) -> bool:
    """Say whether a name is a device's of Windows, in every folder and with any ending."""
    return name.partition(".")[0].rstrip(" ").lower() in _DEVICES


def _is_plain(name: str) -> bool:
    return (
        name.isprintable()  # no control or bidirectional characters, no lone surrogates
        and not _FORBIDDEN.intersection(name)
        and name not in {"", ".", ".."}
        and not name.endswith((".", " "))
        and not name.startswith(" ")
        and not is_device(name)
        and len(name.encode()) <= _LONGEST
    )
