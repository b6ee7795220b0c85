"""``long-paths``: Windows lets programs use paths of more than 260 characters."""

from __future__ import annotations

from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, ok, warn
from mlcbuild.doctor.shell import as_administrator

__all__ = ["CHECK"]

_KEY: Final = r"HKLM\SYSTEM\CurrentControlSet\Control\FileSystem"
#: 260 minus the longest path of the family's wheels and of the build below its root (140).
_DEEP: Final = 110
_VALUE: Final = "LongPathsEnabled"


def _run(system: System) -> Outcome:
    values = system.registry(_KEY) or {}
    value = values.get(_VALUE, 0)
    if value == 1:
        return ok("Windows allows long paths")
    deep = _deep(system)
    if not deep:
        return ok("Windows limits paths to 260 characters, and no folder here comes near that")
    return warn(
        "Windows limits paths to 260 characters: installs and builds in deep folders fail",
        evidence=(rf"{_KEY}\{_VALUE} is {value if _VALUE in values else 'not set'}", *deep),
        fix=as_administrator(system, "reg", f"add {_KEY} /v {_VALUE} /t REG_DWORD /d 1 /f"),
    )


def _deep(system: System) -> list[str]:
    """Return the folders so deep that files below them exceed the limit."""
    places = [system.folder, *system.python.site_packages[:1]]
    return [f"{place}: {len(place)} characters" for place in places if len(place) > _DEEP]


CHECK = Check(
    title="Windows allows long paths",
    why="CUDA kernels and nested build folders have names that exceed 260 characters below a deep "
    "folder. pip, CMake and Python use longer ones where this value allows it. It is off by "
    "default, which does no harm in a folder near the root.",
    source="Microsoft, Maximum path length limitation; mlc-ai/mlc-llm#2779",
    run=_run,
    platforms=("win32",),
)
