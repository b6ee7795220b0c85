"""``path-entries``: folders on PATH that are gone, unreadable, or hidden by a quote."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.check import Check, Outcome, fail, ok, warn
from mlcbuild.doctor.shell import command, same_path

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]

#: What cmd.exe takes in one line, and so what it can set PATH to. Characters.
_LONGEST: Final = 8191
#: What vcvarsall.bat of Visual Studio 2022 and 2026 puts in front of PATH: MSVC, the SDK, MSBuild,
#: CMake, the IDE's tools, fourteen folders below an installation in its usual place. Characters.
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
        words = f"PATH has {len(text)} characters: cmd.exe takes {_LONGEST} in a line"
        late = ", and the compiler's environment comes on top" if len(text) <= _LONGEST else ""
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
    evidence = [f"{folder}: may not be read" for folder in unreadable]
    evidence += [f"{folder}: is no folder" for folder in dead]
    return ok(f"PATH: {len(folders)} folders, {len(dead)} of them gone", evidence=evidence)


def _lost(system: System, folders: tuple[str, ...]) -> str:
    """Say what of Windows itself PATH and PATHEXT do not lead to; empty for nothing."""
    own = system.join(system.variable("SystemRoot") or r"C:\Windows", "System32")
    if not any(same_path(system, folder.rstrip("\\"), own) for folder in folders):
        return f"PATH lacks {own}: vcvarsall.bat and builds do not find cmd, reg and where"
    endings = system.variable("PATHEXT")
    if endings and ".exe" not in endings.lower().split(";"):
        return f"PATHEXT={endings} lacks .EXE: no program is found by its name"
    return ""


def _shorter(system: System) -> list[str]:
    """Say what can go: folders that are gone, and those that stand there twice."""
    entries = [e.strip().strip('"') for e in system.variable("PATH").split(";") if e.strip()]
    keys = [entry.rstrip("\\").lower() for entry in entries]
    gone = [entry for entry in dict.fromkeys(entries) if not system.is_folder(entry)]
    twice = [entry for at, entry in enumerate(entries) if keys[at] in keys[:at]]
    return [f"{e}: is no folder" for e in gone] + [f"{e}: stands there twice" for e in twice]


CHECK = Check(
    id="path-entries",
    title="PATH can be searched",
    category="paths",
    why="A quotation mark that is not closed, or a PATH longer than cmd.exe takes, hides tools "
    "that are installed; vcvarsall.bat sets PATH in one line of cmd.exe. Folders that are gone do "
    "no harm and are only listed.",
    source="Microsoft, Command prompt (Cmd.exe) command-line string limitation",
    run=_run,
)
