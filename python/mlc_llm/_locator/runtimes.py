"""The copies of Microsoft's C++ runtime at hand: which, of what version, and how to replace one."""

from __future__ import annotations

import os
import sys

from mlc_llm._locator.fixes import REDISTRIBUTABLE, reinstall
from mlc_llm._locator.owners import intact, owner
from mlc_llm._locator.petables import file_version
from mlc_llm._locator.process import loaded_module
from mlc_llm._locator.records import installed_mlc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlc_llm._locator.records import Distribution
    from mlc_llm._locator.search import Search

__all__ = ["dotted", "replace_runtime", "runtime_copies"]


def runtime_copies(search: Search, path: str, used: str) -> list[str]:
    """List the msvcp140.dll at hand with their versions: the one that is used, then as searched."""
    lines = [f"used:    {used} {dotted(file_version(used))}"] if used else []
    for folder in search.order(path):
        found = os.path.join(folder, "msvcp140.dll")
        if os.path.isfile(found) and os.path.normcase(found) != os.path.normcase(used):
            lines.append(f"present: {found} {dotted(file_version(found))}")
    return lines


def replace_runtime(winner: str, needed: tuple[int, int], search: Search) -> str:
    """Name the command that puts an msvcp140.dll of at least ``needed`` in the place of one."""
    if search.is_system(winner):
        return REDISTRIBUTABLE
    system = os.path.join(search.system, "msvcp140.dll")
    new = (file_version(system) or (0,))[:2] >= needed
    if owner(winner) is None and any(
        _within(winner, each) for each in (search.program, sys.prefix, sys.base_prefix)
    ):
        return _in_pythons_folder(winner, system, needed, new=new)
    if found := owner(winner):
        return _of_a_package(found, winner, system, new=new)
    if loaded_module("msvcp140.dll") == winner:
        return f"import mlc_llm before the package that loads {winner}, or upgrade that package"
    return f'del "{winner}"' + ("" if new else f" (then {REDISTRIBUTABLE})")


def _of_a_package(found: Distribution, winner: str, system: str, *, new: bool) -> str:
    """Bring back the package's own copy, or a newer package; one that mlc_llm pins has no newer."""
    name = found.name.replace("_", "-")
    if not intact(found, os.path.relpath(winner, found.site).replace("\\", "/")):
        return reinstall(winner)
    mlc = installed_mlc()
    if mlc and name in mlc.pins():
        return _copied(system, winner, new=new)
    return f"pip install --upgrade {name}"


def _in_pythons_folder(winner: str, system: str, needed: tuple[int, int], *, new: bool) -> str:
    """Bring a newer one: what Python has in its folder may be needed there, and others use it."""
    for prefix in (sys.prefix, sys.base_prefix):
        if os.path.isdir(os.path.join(prefix, "conda-meta")) and _within(winner, prefix):
            base = "" if prefix == sys.prefix else f' -p "{prefix}"'
            return f'conda install{base} -c conda-forge "vc14_runtime>={dotted(needed)}"'
    return _copied(system, winner, new=new)


def _copied(system: str, winner: str, *, new: bool) -> str:
    copy = f'xcopy /y "{system}" "{os.path.dirname(winner)}"'
    return copy if new else f"{REDISTRIBUTABLE} (then {copy})"


def _within(path: str, folder: str) -> bool:
    inside = os.path.normcase(folder).rstrip("\\/") + os.sep
    return bool(folder) and os.path.normcase(path).startswith(inside)


def dotted(version: Sequence[int] | None) -> str:
    """Spell a version; it can be unknown."""
    return ".".join(map(str, version)) if version else "of unknown version"
