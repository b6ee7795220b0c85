"""``path-entries``: folders on PATH that are gone, unreadable, or hidden by a quote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.model import Check, Outcome, ok, warn

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]

#: What Windows gives a process: longer ones are cut when cmd.exe expands them. Characters.
_LONGEST: Final = 8191


def _run(system: System) -> Outcome:
    text = system.variable("PATH")
    if not text.strip() and (system.windows or "PATH" in system.environment()):
        return warn(
            "PATH is empty: no tool can be found", fix="open a new terminal and try again there"
        )
    if system.windows and text.count('"') % 2:
        return warn(
            "PATH holds an unpaired quotation mark, which hides what comes after it",
            evidence=[entry for entry in text.split(";") if entry.count('"') % 2],
            fix="rundll32 sysdm.cpl,EditEnvironmentVariables",
        )
    if system.windows and len(text) > _LONGEST:
        return warn(
            f"PATH has {len(text)} characters: cmd.exe cuts it at {_LONGEST}",
            fix="rundll32 sysdm.cpl,EditEnvironmentVariables",
        )
    folders = system.path_folders()
    unreadable = [f for f in folders if system.is_folder(f) and system.names(f) is None]
    dead = [f for f in folders if not system.is_folder(f)]
    evidence = [f"{folder}: may not be read" for folder in unreadable]
    evidence += [f"{folder}: is no folder" for folder in dead]
    return ok(f"PATH: {len(folders)} folders, {len(dead)} of them gone", evidence=evidence)


CHECK = Check(
    id="path-entries",
    title="PATH can be searched",
    category="paths",
    why="A quotation mark that is not closed, or a PATH longer than cmd.exe takes, hides tools "
    "that are installed. Folders that are gone do no harm and are only listed.",
    source="Microsoft, Command prompt line string limitation",
    run=_run,
)
