"""The order of PATH inside MSVC's environment.

``vcvarsall.bat`` puts its folders in front, and yet a GNU ``link.exe`` (of conda's
``Library/usr/bin``, of Git's ``usr/bin``) can win: where the script finds its folders in PATH
already, it adds none. Nothing is deleted: a folder with a foreign ``link.exe`` moves behind
MSVC's, everything else stays in the user's order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["order_path"]


def order_path(path: str, *, user: str, has_program: Callable[[str, str], bool]) -> str:
    """Return ``path`` with the script's own folders first, then the user's in their order.

    ``user`` is PATH before the script. Doubles and empty entries are dropped: an empty entry is
    the current folder.
    """
    before = _entries(user)
    known = {_key(entry) for entry in before}
    now = _entries(path)
    kept = {_key(entry) for entry in now}
    added = [entry for entry in now if _key(entry) not in known]
    # What the script took away (an older toolset's folder) stays away.
    theirs = [entry for entry in before if _key(entry) in kept]
    return ";".join(_links_behind([*added, *theirs], has_program))


def _links_behind(entries: list[str], has_program: Callable[[str, str], bool]) -> list[str]:
    """Move folders with a ``link.exe`` that is not MSVC's behind the last one that has ``cl``."""
    compilers = [i for i, entry in enumerate(entries) if has_program(entry, "cl.exe")]
    if not compilers:
        return entries
    end = compilers[-1] + 1
    foreign = [
        entry
        for entry in entries[:end]
        if has_program(entry, "link.exe") and not has_program(entry, "cl.exe")
    ]
    return [entry for entry in entries[:end] if entry not in foreign] + foreign + entries[end:]


def _entries(path: str) -> list[str]:
    """Split PATH; quotes around an entry are allowed and mean nothing."""
    found: dict[str, str] = {}
    for entry in (part.strip().strip('"') for part in path.split(";")):
        if entry:
            found.setdefault(_key(entry), entry)
    return list(found.values())


def _key(entry: str) -> str:
    return entry.replace("/", "\\").rstrip("\\").casefold()
