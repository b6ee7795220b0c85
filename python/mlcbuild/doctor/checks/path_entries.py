"""``path-entries``: folders on PATH that are missing, unreadable, or hidden by a quotation mark."""

from __future__ import annotations

from functools import partial
from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, warn
from mlcbuild.doctor.shell import command, same_path

__all__ = ["CHECK"]

#: Longest line of cmd.exe in characters, which also limits PATH.
_LONGEST: Final = 8191
#: Characters that vcvarsall.bat of Visual Studio 2022 and 2026 prepends to PATH: MSVC, the SDK,
#: MSBuild, CMake, the IDE's tools, fourteen folders of an installation in the default place.
_VCVARS: Final = 1400


def _run(system: System) -> Outcome:
    text = system.variable("PATH")
    if not text.strip() and (system.windows or "PATH" in system.environment()):
        return warn(
            "PATH is empty: no tool can be found", fix="open a new terminal and try again there"
        )
    edit = partial(command, system, "rundll32", "sysdm.cpl,EditEnvironmentVariables")
    if system.windows and text.count('"') % 2:
        return warn(
            "PATH holds an unpaired quotation mark, which hides what comes after it",
            evidence=[entry for entry in text.split(";") if entry.count('"') % 2],
            fix=edit(),
        )
    if system.windows and len(text) > _LONGEST - _VCVARS:
        words = f"PATH has {len(text)} characters: cmd.exe allows {_LONGEST} in a line"
        late = ", and the compiler's environment adds more" if len(text) <= _LONGEST else ""
        return warn(
            f'{words}{late} ("The input line is too long")',
            evidence=_shorter(system),
            fix=edit(),
        )
    folders = system.path_folders()
    if system.windows and (lost := _lost(system, folders)):
        return fail(lost, evidence=(f"PATH={text}",), fix=edit())
    unreadable = [f for f in folders if system.is_folder(f) and system.names(f) is None]
    dead = [f for f in folders if not system.is_folder(f)]
    evidence = [f"{folder}: permission denied" for folder in unreadable]
    evidence += [f"{folder}: not a folder" for folder in dead]
    return ok(f"PATH: {len(folders)} folders, {len(dead)} of them missing", evidence=evidence)


def _lost(system: System, folders: tuple[str, ...]) -> str:
    """Return what PATH and PATHEXT lack of Windows itself, or ``""``."""
    own = system.join(system.variable("SystemRoot") or r"C:\Windows", "System32")
    if not any(same_path(system, folder.rstrip("\\"), own) for folder in folders):
        return f"PATH lacks {own}: vcvarsall.bat and builds do not find cmd, reg and where"
    endings = system.variable("PATHEXT")
    if endings and ".exe" not in endings.lower().split(";"):
        return f"PATHEXT={endings} lacks .EXE: no program is found by its name"
    return ""


def _shorter(system: System) -> list[str]:
    """Return the entries that can be removed: missing folders and duplicates."""
    entries = [e.strip().strip('"') for e in system.variable("PATH").split(";") if e.strip()]
    keys = [entry.rstrip("\\").lower() for entry in entries]
    gone = [entry for entry in dict.fromkeys(entries) if not system.is_folder(entry)]
    twice = [entry for at, entry in enumerate(entries) if keys[at] in keys[:at]]
    return [f"{e}: not a folder" for e in gone] + [f"{e}: listed twice" for e in twice]


CHECK = Check(
    title="PATH can be searched",
    why="An unpaired quotation mark, or a PATH longer than cmd.exe allows, hides installed tools; "
    "vcvarsall.bat sets PATH in one line of cmd.exe. Missing folders do "
    "no harm and are only listed.",
    source="Microsoft, Command prompt (Cmd.exe) command-line string limitation",
    run=_run,
)
