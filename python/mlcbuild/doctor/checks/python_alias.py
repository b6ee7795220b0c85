"""``python-alias``: ``python`` on PATH is a Python, and not the alias that opens the Store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.doctor.model import Check, Outcome, ok, warn

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    first = system.find("python")
    if first is None or "\\windowsapps" not in first.lower():
        return ok(f"python is {first or 'not on PATH'}")
    entry = system.entry(first)
    if (entry is not None and entry.size) or "\\windowsapps" in system.python.base_prefix.lower():
        return ok(f"python is {first}")
    return warn(
        "python on PATH is the alias that opens the Microsoft Store: switch it off under App "
        "execution aliases",
        evidence=(f"{first}: 0 bytes", f"this Python is {system.python.executable}"),
        fix="start ms-settings:advanced-apps",
    )


CHECK = Check(
    id="python-alias",
    title="python on PATH is a Python",
    category="python",
    why="Windows has a python.exe of no size that opens the Store. Where it comes first, CMake and "
    "scripts that call python get an exit code of 9009 and no message.",
    source="Python documentation, Using Python on Windows",
    run=_run,
    platforms=("win32",),
)
