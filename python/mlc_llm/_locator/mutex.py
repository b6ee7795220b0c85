"""The dominant cause of WinError 1114: a constexpr ``std::mutex`` on an older msvcp140.dll.

Code of toolset 14.40 and later (Visual Studio 2022 17.10) leaves a mutex uninitialised; an older
msvcp140 dereferences null when it locks one (microsoft/STL#4730). An image is affected where it
imports ``_Mtx_lock`` and not ``_Mtx_init_in_situ``. 14.38 and 14.39 survive (onnx/onnx#6267).
"""

from __future__ import annotations

import os
import sys

from mlc_llm._locator.closure import REDISTRIBUTABLE, system_folder
from mlc_llm._locator.image import NotAnImageError
from mlc_llm._locator.judge import Verdict
from mlc_llm._locator.petables import read_tables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlc_llm._locator.closure import Needed

__all__ = ["file_version", "judge_mutex", "runtime_copies"]

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
        toolset = _locking(node.path) if node.path else None
        if node.path and toolset:
            reason = (
                f"{os.path.basename(node.path)} (toolset {_dotted(toolset)}) locks a std::mutex, "
                f"and msvcp140.dll {_dotted(version)} crashes on it: needed is 14.40 or newer"
            )
            return Verdict("mutex-abi", reason, _fix(winner, loaded=loaded is not None), winner)
    return None


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


def _locking(path: str) -> tuple[int, int] | None:
    """Return the toolset of an image that locks constexpr mutexes, None for any other."""
    try:
        tables = read_tables(path)
        imports = tables.imports()
    except (NotAnImageError, OSError):
        return None
    if tables.linker < _CONSTEXPR or (tables.linker == _LLD and not tables.rich):
        return None
    for dll, symbols in imports.items():
        stem = dll.lower().partition(".")[0]
        if stem == "msvcp140" and "_Mtx_lock" in symbols and "_Mtx_init_in_situ" not in symbols:
            return tables.linker
    return None


def _fix(winner: str, *, loaded: bool) -> str:
    folder = os.path.dirname(winner)
    if folder.lower() == system_folder().lower():
        return REDISTRIBUTABLE
    if os.path.isdir(os.path.join(sys.prefix, "conda-meta")) and _within(winner, sys.prefix):
        return 'conda install -c conda-forge "vc14_runtime>=14.40"'
    if loaded:
        return f"import mlc_llm before the package that loads {winner}, or upgrade that package"
    return f'del "{winner}" (then {REDISTRIBUTABLE})'


def _within(path: str, folder: str) -> bool:
    return os.path.normcase(path).startswith(os.path.normcase(folder))


def _dotted(version: Sequence[int] | None) -> str:
    return ".".join(map(str, version)) if version else "of unknown version"
