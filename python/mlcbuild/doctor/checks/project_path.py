"""``project-path``: the current folder is suitable for compilers."""

from __future__ import annotations

import re
from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, ok, warn
from mlcbuild.doctor.shell import command

__all__ = ["CHECK"]

#: The limit for object paths is CMake's 250 (CMAKE_OBJECT_PATH_MAX), and the longest object path of
#: the wheel build below its root is 140 characters.
_LONGEST: Final = 110
#: Defender's ransomware protection (Microsoft, Controlled folder access).
_ACCESS: Final = (
    r"HKLM\SOFTWARE\Microsoft\Windows Defender\Windows Defender Exploit Guard"
    r"\Controlled Folder Access"
)
#: Folders that such programs create below the user's, without a variable.
_SYNCED: Final = re.compile(
    r"\\(OneDrive|Dropbox|iCloudDrive|Google Drive|Nextcloud)(?: - [^\\]+)?\\", re.IGNORECASE
)
_SWITCH: Final = "EnableControlledFolderAccess"
#: cmd.exe's operators, MSBuild's escape (%), CMake's list separator (;), special characters of its
#: globs and Ninja's files ([ ] $), the comment of makefiles and .rc files (#).
_ODD: Final = re.compile(r"[&%^!;#$=`\[\]{}]")


def _run(system: System) -> Outcome:
    folder = system.folder
    problem, why = _problem(system, folder)
    if not problem:
        return ok(f"the current folder has {len(folder)} characters", evidence=(folder,))
    new = rf"C:\src\{_ascii_name(system, folder)}"
    return warn(
        f"the current folder{problem}",
        evidence=(folder, *why),
        fix=command(system, "robocopy", folder, new, "/e", "/xd", "build", ".venv"),
    )


def _problem(system: System, folder: str) -> tuple[str, tuple[str, ...]]:
    """Return the folder's problem (``""`` for none), and evidence besides its path."""
    if folder.startswith("\\\\"):
        return " is a network path: cmd.exe cannot enter it, builds stop", ()
    for name in ("OneDrive", "OneDriveCommercial", "OneDriveConsumer"):
        root = system.variable(name)
        if root and _below(system, folder, root):
            words = (
                " is synchronised by OneDrive, which locks files of a build and uploads gigabytes"
            )
            return words, (f"{name}={root}",)
    if match := _SYNCED.search(folder + "\\"):
        return f" is synchronised by {match[1]}, which locks files of a build", ()
    if guarded := _guarded(system, folder):
        words = f" is in {guarded}, where Windows only lets known programs write"
        return f"{words} (controlled folder access)", (rf"{_ACCESS}\{_SWITCH} is 1",)
    words = ""
    if len(folder) > _LONGEST:
        words = f" has {len(folder)} characters: object files below it exceed the limit of 250"
    elif odd := _ODD.findall(folder):
        marks = " ".join(dict.fromkeys(odd))
        words = f" contains {marks}, special characters of cmd.exe, MSBuild, CMake or Ninja"
    elif not folder.isascii():
        words = " is not ASCII: nvcc and GNU tools decode it differently"
    elif " " in folder and (system.variable("CUDA_PATH") or system.find("nvcc")):
        words = " contains blanks: nvcc's response files break at them"
    return f"'s path{words}" if words else "", ()


def _guarded(system: System, folder: str) -> str:
    if (system.registry(_ACCESS) or {}).get(_SWITCH) != 1:
        return ""
    places = (system.join(system.home, name) for name in ("Documents", "Desktop"))
    return next((place for place in places if _below(system, folder, place)), "")


def _below(system: System, folder: str, root: str) -> bool:
    here, there = (system.path.normcase(system.path.normpath(p)) for p in (folder, root))
    return bool(here == there or here.startswith(there + system.path.sep))


def _ascii_name(system: System, folder: str) -> str:
    name = system.path.basename(folder)
    return name if name.isascii() and name.isidentifier() else "mlc"


CHECK = Check(
    title="The current folder suits a build",
    why="OneDrive locks files that a compiler has just written. Network paths, long paths, paths "
    "outside the ANSI code page and special characters of cmd.exe, MSBuild, CMake or Ninja break "
    "one tool or another half-way. The fix copies the project: work in the new folder.",
    source="CMake, CMAKE_OBJECT_PATH_MAX and Lists; Microsoft, Controlled folder access; "
    "Microsoft, MSBuild special characters; mlc-ai/mlc-llm#2779; tauri-apps/tauri#6175",
    run=_run,
    platforms=("win32",),
)
