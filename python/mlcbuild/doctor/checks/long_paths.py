"""``long-paths``: Windows lets programs use paths of more than 260 characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.model import Check, Outcome, ok, warn

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]

_KEY: Final = r"HKLM\SYSTEM\CurrentControlSet\Control\FileSystem"
_VALUE: Final = "LongPathsEnabled"


def _run(system: System) -> Outcome:
    values = system.registry(_KEY) or {}
    value = values.get(_VALUE, 0)
    if value == 1:
        return ok("Windows allows long paths")
    return warn(
        "Windows cuts paths at 260 characters: installs and builds in deep folders fail",
        evidence=(rf"{_KEY}\{_VALUE} is {value if _VALUE in values else 'not set'}",),
        # Windows asks for the administrator's consent.
        fix='powershell -Command "Start-Process reg -Verb RunAs -ArgumentList '
        f"'add {_KEY} /v {_VALUE} /t REG_DWORD /d 1 /f'\"",
    )


CHECK = Check(
    id="long-paths",
    title="Windows allows long paths",
    category="paths",
    why="CUDA kernels and nested build folders have names that pass 260 characters below a user's "
    "folder. pip, CMake and Python use longer ones where this value allows it.",
    source="Microsoft, Maximum path length limitation; mlc-ai/mlc-llm#2779",
    run=_run,
    platforms=("win32",),
)
