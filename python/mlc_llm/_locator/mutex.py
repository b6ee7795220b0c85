"""The dominant cause of WinError 1114: a constexpr ``std::mutex`` on an older msvcp140.dll.

Code of toolset 14.40 and later (Visual Studio 2022 17.10) leaves a mutex uninitialised; an older
msvcp140 dereferences null when it locks one (microsoft/STL#4730). An image is affected where it
imports ``_Mtx_lock`` and not ``_Mtx_init_in_situ``. 14.38 and 14.39 survive (onnx/onnx#6267).

What the image shows can be told otherwise by the stamp of the build that made it: the build knows
how its objects were compiled (``constexpr_mutex``), and which msvcp140 they need at least.
"""

from __future__ import annotations

import os
import sys

from mlc_llm._locator.closure import REDISTRIBUTABLE, system_folder
from mlc_llm._locator.image import NotAnImageError
from mlc_llm._locator.installed import read_stamp, stamped_size
from mlc_llm._locator.judge import Verdict
from mlc_llm._locator.petables import read_tables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from mlc_llm._locator.closure import Needed

__all__ = ["file_version", "judge_mutex", "old_runtime", "runtime_copies"]

_CONSTEXPR = (14, 40)
_SURVIVES = (14, 38)
#: lld and clang write this linker version whatever compiler they come with.
_LLD = (14, 0)


def judge_mutex(nodes: Sequence[Needed], loaded: str | None) -> Verdict | None:
    """Return the verdict where an image of ``nodes`` meets an msvcp140 that crashes, else None.

    ``loaded`` is the msvcp140.dll that the process has already: it wins over every other.
    """
    found = next((n.path for n in nodes if n.name.lower() == "msvcp140.dll" and n.path), None)
    winner = loaded or found
    version = file_version(winner) if winner else None
    if winner is None or version is None or version[:2] >= _SURVIVES:
        return None
    for node in nodes:
        locking = _locking(node.path) if node.path else None
        if node.path and locking:
            made, needed = locking
            reason = (
                f"{os.path.basename(node.path)} ({made}) locks a std::mutex, and msvcp140.dll "
                f"{_dotted(version)} crashes on it: needed is {_dotted(needed)} or newer"
            )
            fix = _fix(winner, _dotted(needed), loaded=loaded is not None)
            return Verdict("mutex-abi", reason, fix, winner)
    return None


def old_runtime(folders: Sequence[str], stamp: Mapping[str, Any]) -> str:
    """Say that the msvcp140 found first is older than the stamp's minimum; empty where it is not.

    It need not crash: where the stamp says so, this is all that there is to say about it.
    """
    minimum = _minimum(stamp)
    for folder in folders if minimum else ():
        path = os.path.join(folder, "msvcp140.dll")
        if os.path.isfile(path):
            version = file_version(path)
            if not version or not minimum or version[:2] >= minimum:
                return ""
            safe = "does not crash them, but " if stamp.get("constexpr_mutex") is False else ""
            return (
                f"{path} {_dotted(version)} {safe}is older than {_dotted(minimum)}, "
                "which these libraries were built for"
            )
    return ""


def runtime_copies(folders: Sequence[str], loaded: Sequence[str]) -> list[str]:
    """List the msvcp140 and vcruntime140 at hand with their versions: loaded, then as searched."""
    lines = [f"loaded:  {path} {_dotted(file_version(path))}" for path in loaded]
    for folder in folders:
        path = os.path.join(folder, "msvcp140.dll")
        if os.path.isfile(path) and path not in loaded:
            lines.append(f"present: {path} {_dotted(file_version(path))}")
    return lines


def file_version(path: str) -> tuple[int, ...] | None:
    """Return a DLL's file version, None where it has none or cannot be read."""
    try:
        return read_tables(path).version()
    except (NotAnImageError, OSError):
        return None


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
    made = "its build stamp says so" if unknown else f"toolset {_dotted(tables.linker)}"
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


def _fix(winner: str, needed: str, *, loaded: bool) -> str:
    folder = os.path.dirname(winner)
    if folder.lower() == system_folder().lower():
        return REDISTRIBUTABLE
    if os.path.isdir(os.path.join(sys.prefix, "conda-meta")) and _within(winner, sys.prefix):
        return f'conda install -c conda-forge "vc14_runtime>={needed}"'
    if loaded:
        return f"import mlc_llm before the package that loads {winner}, or upgrade that package"
    return f'del "{winner}" (then {REDISTRIBUTABLE})'


def _within(path: str, folder: str) -> bool:
    return os.path.normcase(path).startswith(os.path.normcase(folder))


def _dotted(version: Sequence[int] | None) -> str:
    return ".".join(map(str, version)) if version else "of unknown version"
