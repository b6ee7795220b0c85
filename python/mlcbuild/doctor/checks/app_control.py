"""``app-control``: Windows does not block what was just built or installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.model import Check, Outcome, ok, warn

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]

_KEY: Final = r"HKLM\SYSTEM\CurrentControlSet\Control\CI\Policy"
_VALUE: Final = "VerifiedAndReputablePolicyState"
_ENFORCED: Final = 1


def _run(system: System) -> Outcome:
    value = (system.registry(_KEY) or {}).get(_VALUE)
    if value != _ENFORCED:
        return ok("Smart App Control does not block anything")
    return warn(
        "Smart App Control is on: Windows refuses DLLs without a signature that it does not know, "
        "such as those that were just built",
        evidence=(rf"{_KEY}\{_VALUE} is {value}",),
        fix="start windowsdefender://appbrowser",
    )


CHECK = Check(
    id="app-control",
    title="Windows does not block new DLLs",
    category="paths",
    why="On new installations of Windows 11 Smart App Control refuses unsigned images that few "
    "others have: an import ends with WinError 4551 or 5 although the file is good.",
    source="Microsoft, Smart App Control; App Control for Business",
    run=_run,
    platforms=("win32",),
)
