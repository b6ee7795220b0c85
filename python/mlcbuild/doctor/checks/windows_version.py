"""``windows-version``: Windows is new enough for current libraries."""

from __future__ import annotations

from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.winfacts import edition

__all__ = ["CHECK"]

#: Windows 10, which can update to a newer build; a server cannot.
_WINDOWS_10: Final = 10240
#: Windows 10 1809 and Server 2019: the oldest that Microsoft still supports (LTSC).
_FLOOR: Final = 17763


def _run(system: System) -> Outcome:
    windows = edition(system)
    if not windows.build:
        return skip("Windows' build number is not in the registry")
    evidence = (f"{windows.name}, build {windows.build}",)
    if windows.build < _FLOOR:
        return warn(
            f"Windows build {windows.build} is older than {_FLOOR} (Windows 10 1809): its loader "
            "and C runtime lack functions that newer libraries import",
            evidence=evidence,
            fix="start ms-settings:windowsupdate"
            if windows.build >= _WINDOWS_10 and not windows.server
            else "install a newer Windows: no update makes this one new enough",
        )
    return ok(f"Windows build {windows.build}", evidence=evidence)


CHECK = Check(
    title="Windows is new enough",
    why="Python 3.12, Visual Studio 2022's runtime and GPU drivers are for Windows 10 and later.",
    source="Microsoft, Windows 10 release information",
    run=_run,
    platforms=("win32",),
)
