"""The dominant cause of WinError 1114: a constexpr ``std::mutex`` on an older msvcp140.dll.

Code of toolset 14.40 and later (Visual Studio 2022 17.10) leaves a mutex uninitialised; an older
msvcp140 dereferences null when it locks one (microsoft/STL#4730). An image is affected where it
imports ``_Mtx_lock`` and not ``_Mtx_init_in_situ``. 14.38 and 14.39 survive (onnx/onnx#6267).

What the image shows can be told otherwise by the stamp of the build that made it: the build knows
how its objects were compiled (``constexpr_mutex``), and which msvcp140 they need at least.
"""

from __future__ import annotations

import os

from mlc_llm._locator.image import NotAnImageError
from mlc_llm._locator.judge import Verdict
from mlc_llm._locator.petables import file_version, read_tables
from mlc_llm._locator.records import read_stamp, stamped_size
from mlc_llm._locator.runtimes import dotted, replace_runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from mlc_llm._locator.search import Needed, Search

__all__ = ["judge_mutex", "old_runtime"]

_CONSTEXPR = (14, 40)
_SURVIVES = (14, 38)
#: lld and clang write this linker version whatever compiler they come with.
_LLD = (14, 0)


def judge_mutex(nodes: Sequence[Needed], search: Search) -> Verdict | None:
    """Return the verdict where an image of ``nodes`` meets an msvcp140 that crashes, else None."""
    winner = next((n.path for n in nodes if n.name.lower() == "msvcp140.dll" and n.path), None)
    version = file_version(winner) if winner else None
    if winner is None or version is None or version[:2] >= _SURVIVES:
        return None
    for node in nodes:
        locking = _locking(node.path) if node.path else None
        if node.path and locking:
            made, needed = locking
            reason = (
                f"{os.path.basename(node.path)} ({made}) locks a std::mutex, and msvcp140.dll "
                f"{dotted(version)} crashes on it: needed is {dotted(needed)} or newer"
            )
            return Verdict("mutex-abi", reason, replace_runtime(winner, needed, search), winner)
    return None


def old_runtime(used: str, stamp: Mapping[str, Any]) -> str:
    """Say that the msvcp140 in use is older than the stamp's minimum; empty where it is not.

    It need not crash: where the stamp says so, this is all that there is to say about it.
    """
    minimum = _minimum(stamp)
    version = file_version(used) if used and minimum else None
    if not version or not minimum or version[:2] >= minimum:
        return ""
    safe = "does not crash them, but " if stamp.get("constexpr_mutex") is False else ""
    return (
        f"{used} {dotted(version)} {safe}is older than {dotted(minimum)}, "
        "which these libraries were built for"
    )


def _locking(path: str) -> tuple[str, tuple[int, int]] | None:
    """Say how an image that locks constexpr mutexes was made, and the msvcp140 that it needs.

    None for any other image.
    """
    try:
        tables = read_tables(path)
        imports = tables.imports()
    except (NotAnImageError, OSError):
        return None
    locks = any(
        "_Mtx_lock" in symbols and "_Mtx_init_in_situ" not in symbols
        for dll, symbols in imports.items()
        if dll.lower().partition(".")[0] == "msvcp140"
    )
    unknown = tables.linker == _LLD and not tables.rich
    if not locks or (tables.linker < _CONSTEXPR and not unknown):
        return None
    stamp = _stamp_of(path)
    says = stamp.get("constexpr_mutex")
    if says is False or (unknown and says is not True):
        return None
    made = "its build stamp says so" if unknown else f"toolset {dotted(tables.linker)}"
    return made, max(_CONSTEXPR, _minimum(stamp) or _CONSTEXPR)


def _stamp_of(path: str) -> dict[str, Any]:
    """Return the stamp of the build that made this very file, else an empty table."""
    folder, name = os.path.split(path)
    for place in (os.path.dirname(folder), folder):
        stamp = read_stamp(place)
        if stamped_size(stamp, name) == os.path.getsize(path):
            return stamp
    return {}


def _minimum(stamp: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the stamp's ``minimum_msvcp140``, ``14.44``; None where it has none that reads."""
    major, _, minor = str(stamp.get("minimum_msvcp140")).partition(".")
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else None
