"""The order of PATH inside MSVC's environment.

``vcvarsall.bat`` prepends its folders, but a GNU ``link.exe`` (in conda's ``Library/usr/bin`` or
Git's ``usr/bin``) can still win: the script adds no folder that PATH already has. Nothing is
removed: a folder with a foreign ``link.exe`` moves behind MSVC's, everything else keeps the user's
order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def order_path(path: str, *, user: str, has_program: Callable[[str, str], bool]) -> str:
    """Return ``path`` with the script's folders first, then the user's in their order.

    ``user`` is PATH before the script. Duplicates and empty entries are dropped: an empty entry is
    the current folder.
    """
    before = _entries(user)
    known = {_key(entry) for entry in before}
    now = _entries(path)
    kept = {_key(entry) for entry in now}
    added = [entry for entry in now if _key(entry) not in known]
    # Folders the script removed (an older toolset's) stay removed.
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
    """Split PATH; quotation marks around an entry are dropped."""
    found: dict[str, str] = {}
    for entry in (part.strip().strip('"') for part in path.split(";")):
        if entry:
            found.setdefault(_key(entry), entry)
    return list(found.values())


def _key(entry: str) -> str:
    return entry.replace("/", "\\").rstrip("\\").casefold()
