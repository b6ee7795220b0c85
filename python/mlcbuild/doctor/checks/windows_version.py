"""``windows-version``: a Windows that has what today's libraries ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.model import Check, Outcome, ok, skip, warn

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]

_KEY: Final = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
#: Windows 10 1809 and Server 2019: the oldest that Microsoft still serves (LTSC).
_FLOOR: Final = 17763


def _run(system: System) -> Outcome:
    values = system.registry(_KEY) or {}
    text = str(values.get("CurrentBuildNumber") or values.get("CurrentBuild") or "")
    if not text.isdecimal():
        return skip("the registry does not tell Windows' build number")
    name = str(values.get("ProductName", "Windows"))
    evidence = (f"{name}, build {text}",)
    if int(text) < _FLOOR:
        return warn(
            f"Windows build {text} is older than {_FLOOR} (Windows 10 1809): its loader and C "
            "runtime lack what newer libraries import",
            evidence=evidence,
            fix="start ms-settings:windowsupdate",
        )
    return ok(f"Windows build {text}", evidence=evidence)


CHECK = Check(
    id="windows-version",
    title="Windows is new enough",
    category="paths",
    why="Python 3.12, Visual Studio 2022's runtime and GPU drivers are for Windows 10 and later.",
    source="Microsoft, Windows 10 release information",
    run=_run,
    platforms=("win32",),
)
