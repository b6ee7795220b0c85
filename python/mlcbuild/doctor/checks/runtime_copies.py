"""``runtime-copies``: every msvcp140 that a process here can load, and which can win."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.packages import pip
from mlcbuild.doctor.runtimes import copies, install_redist
from mlcbuild.doctor.shell import command
from mlcbuild.doctor.versions import dotted
from mlcbuild.msvc import MSVCP
from mlcbuild.rules.toolsets import CONSTEXPR_MUTEX

if TYPE_CHECKING:
    from mlcbuild.doctor.runtimes import Copy

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    found = copies(system)
    cpp = [each for each in found if each.name == MSVCP]
    evidence = [str(each) for each in found]
    if not cpp:
        return skip("no msvcp140.dll is reachable")
    first = cpp[0]
    winners = [first] if first.place in ("python", "conda") else _rivals(cpp)
    old = [each for each in winners if each.version and each.version[:2] < CONSTEXPR_MUTEX]
    better = [each for each in cpp if each.version and each.version[:2] >= CONSTEXPR_MUTEX]
    order = f"can win: {', '.join(each.path for each in winners)}"
    if old and (better or old[0].place != "system"):
        bad = old[0]
        return warn(
            f"{bad.owner}'s msvcp140.dll {dotted((bad.version or ())[:2])} "
            f"{'wins' if winners == [bad] else 'can win'}: code built with 14.40 or newer then "
            "fails with WinError 1114",
            evidence=[*evidence, order],
            fix=_fix(system, bad),
        )
    return ok(f"{len(cpp)} msvcp140.dll, none too old", evidence=[*evidence, order])


def _rivals(cpp: list[Copy]) -> list[Copy]:
    """Return copies in added folders, whose order is undefined, then System32's."""
    return [each for each in cpp if each.place == "package"] + [
        each for each in cpp if each.place == "system"
    ]


def _fix(system: System, copy: Copy) -> str:
    if copy.place == "package":
        return pip(system, "install", "--upgrade", copy.owner)
    if system.is_folder(system.join(system.python.prefix, "conda-meta")):
        return command(system, "conda", "update", "vc14_runtime")
    return install_redist(system) if copy.place == "system" else f"reinstall Python: {copy.path}"


CHECK = Check(
    title="No old C++ runtime can win",
    why="Windows searches the folder of python.exe, then the folders that packages added, in no "
    "defined order, then System32; the first msvcp140.dll loaded serves "
    "the whole process. An old copy in one package breaks the others.",
    source="Microsoft, Dynamic-link library search order; pytorch/pytorch#166628; "
    "adang1345/delvewheel#54",
    run=_run,
    platforms=("win32",),
)
