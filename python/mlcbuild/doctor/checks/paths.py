"""PATH, long paths, the folder of the project, and the room on its disk."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from mlcbuild.builder.preflight import ROOM
from mlcbuild.doctor.check import Outcome, System, check, fail, ok, skip, warn
from mlcbuild.doctor.shell import (
    as_administrator,
    command,
    same_path,
)

#: Longest line of cmd.exe in characters, which also limits PATH.
_LONGEST_LINE: Final = 8191
#: Characters that vcvarsall.bat of Visual Studio 2022 and 2026 prepends to PATH: MSVC, the SDK,
#: MSBuild, CMake, the IDE's tools, fourteen folders of an installation in the default place.
_VCVARS: Final = 1400


@check(
    title="PATH can be searched",
    why="An unpaired quotation mark, or a PATH longer than cmd.exe allows, hides installed tools; "
    "vcvarsall.bat sets PATH in one line of cmd.exe. Missing folders do "
    "no harm and are only listed.",
    source="Microsoft, Command prompt (Cmd.exe) command-line string limitation",
)
def path_entries(system: System) -> Outcome:
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
    if system.windows and len(text) > _LONGEST_LINE - _VCVARS:
        words = f"PATH has {len(text)} characters: cmd.exe allows {_LONGEST_LINE} in a line"
        late = ", and the compiler's environment adds more" if len(text) <= _LONGEST_LINE else ""
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


_FILE_SYSTEM_KEY: Final = r"HKLM\SYSTEM\CurrentControlSet\Control\FileSystem"
#: 260 minus the longest path of the family's wheels and of the build below its root (140).
_DEEP: Final = 110
_LONG_PATHS: Final = "LongPathsEnabled"


@check(
    title="Windows allows long paths",
    why="CUDA kernels and nested build folders have names that exceed 260 characters below a deep "
    "folder. pip, CMake and Python use longer ones where this value allows it. It is off by "
    "default, which does no harm in a folder near the root.",
    source="Microsoft, Maximum path length limitation; mlc-ai/mlc-llm#2779",
    platforms=("win32",),
)
def long_paths(system: System) -> Outcome:
    values = system.registry(_FILE_SYSTEM_KEY) or {}
    value = values.get(_LONG_PATHS, 0)
    if value == 1:
        return ok("Windows allows long paths")
    deep = _deep(system)
    if not deep:
        return ok("Windows limits paths to 260 characters, and no folder here comes near that")
    return warn(
        "Windows limits paths to 260 characters: installs and builds in deep folders fail",
        evidence=(
            rf"{_FILE_SYSTEM_KEY}\{_LONG_PATHS} is {value if _LONG_PATHS in values else 'not set'}",
            *deep,
        ),
        fix=as_administrator(
            system, "reg", f"add {_FILE_SYSTEM_KEY} /v {_LONG_PATHS} /t REG_DWORD /d 1 /f"
        ),
    )


def _deep(system: System) -> list[str]:
    """Return the folders so deep that files below them exceed the limit."""
    places = [system.folder, *system.python.site_packages[:1]]
    return [f"{place}: {len(place)} characters" for place in places if len(place) > _DEEP]


#: The limit for object paths is CMake's 250 (CMAKE_OBJECT_PATH_MAX), and the longest object path of
#: the wheel build below its root is 140 characters.
_LONGEST_FOLDER: Final = 110
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


@check(
    title="The current folder suits a build",
    why="OneDrive locks files that a compiler has just written. Network paths, long paths, paths "
    "outside the ANSI code page and special characters of cmd.exe, MSBuild, CMake or Ninja break "
    "one tool or another half-way. The fix copies the project: work in the new folder.",
    source="CMake, CMAKE_OBJECT_PATH_MAX and Lists; Microsoft, Controlled folder access; "
    "Microsoft, MSBuild special characters; mlc-ai/mlc-llm#2779; tauri-apps/tauri#6175",
    platforms=("win32",),
)
def project_path(system: System) -> Outcome:
    folder = system.folder
    problem, why = _folder_problem(system, folder)
    if not problem:
        return ok(f"the current folder has {len(folder)} characters", evidence=(folder,))
    new = rf"C:\src\{_ascii_name(system, folder)}"
    return warn(
        f"the current folder{problem}",
        evidence=(folder, *why),
        fix=command(system, "robocopy", folder, new, "/e", "/xd", "build", ".venv"),
    )


def _folder_problem(system: System, folder: str) -> tuple[str, tuple[str, ...]]:
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
    if len(folder) > _LONGEST_FOLDER:
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


@check(
    title="There is enough disk space for a build",
    why="On a full disk compilers report all kinds of errors, rarely the full disk.",
    source="docs/superbuild.md, measured",
)
def disk_space(system: System) -> Outcome:
    free = system.free_bytes(system.folder)
    if free is None:
        return skip("the free space is unknown")
    evidence = (f"{system.folder}: {free / 1e9:.1f} GB free, {ROOM / 1e9:.1f} GB needed",)
    if free < ROOM:
        return fail(
            f"only {free / 1e9:.1f} GB are free: the build needs {ROOM / 1e9:.1f} GB",
            evidence=evidence,
            fix="cleanmgr /d " + system.path.splitdrive(system.folder)[0]
            if system.windows
            else command(system, "du", "-xhd3", system.home) + " | sort -h | tail",
        )
    return ok(f"{free / 1e9:.0f} GB free", evidence=evidence)
