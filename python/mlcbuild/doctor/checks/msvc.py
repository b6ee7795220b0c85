"""Visual Studio's compilers, their prompt and linker, and the Windows SDK."""

from __future__ import annotations

import re
from typing import Final

from mlcbuild.doctor.check import Outcome, System, check, fail, ok, skip, warn
from mlcbuild.doctor.installers import PROGRAMS, download, install
from mlcbuild.doctor.shell import command, prepend_path, python, unset
from mlcbuild.doctor.toolchains import (
    machine_of,
    readable,
    toolset_of,
    usable,
    visual_studio_setup,
    visual_studios,
)
from mlcbuild.doctor.trees import absent
from mlcbuild.doctor.winfacts import edition, find_winget
from mlcbuild.errors import InputError
from mlcbuild.msvc import OLDEST
from mlcbuild.platforms import WINDOWS_ARM64, by_tag
from mlcbuild.toolchain.machine import architecture
from mlcbuild.toolchain.probe import read_prompt
from mlcbuild.toolchain.vswhere import VC_TOOLS, VisualStudio
from mlcbuild.versions import dotted

#: Names of the C++ workload in the Build Tools and the IDEs.
_WORKLOADS: Final = {"BuildTools": "Microsoft.VisualStudio.Workload.VCTools"}
_IDE_WORKLOAD: Final = "Microsoft.VisualStudio.Workload.NativeDesktop"


def _install_build_tools(system: System) -> str:
    """Return the command that installs the Build Tools; without a window on Server Core."""
    quiet = "--quiet" if edition(system).core else "--passive"
    words = (quiet, "--wait", "--add", _WORKLOADS["BuildTools"], "--includeRecommended")
    if find_winget(system):
        return command(
            system,
            *("winget", "install", "--exact", "--id", PROGRAMS["build-tools"].winget),
            *("--override", " ".join(words)),
        )
    return download(system, PROGRAMS["build-tools"].url, *words)


@check(
    title="Visual Studio's C++ compilers are installed",
    why="A Visual Studio or its Build Tools without the C++ workload, a half-finished installation "
    "or one older than 2019 16.11 (TVM is written in C++20) cannot build.",
    source="Microsoft, vswhere and Visual Studio installer command line",
    waits=True,
    platforms=("win32",),
    limit_s=90,
)
def msvc(system: System) -> Outcome:
    if system.python.platform.startswith("mingw"):
        return skip("this Python is MinGW's: its compiler is used")
    try:
        installed = visual_studios(system)
        good, reasons = usable(system)
    except InputError as error:
        return fail(error.message, fix=error.remedy)
    if good:
        toolset = toolset_of(system, good[0])
        evidence = [
            f"{s.name} {s.path}, toolset {dotted(t) if (t := toolset_of(system, s)) else 'unknown'}"
            for s in good
        ]
        text = f", toolset {dotted(toolset)}" if toolset else ""
        return ok(f"{good[0].name}{text}", evidence=[*evidence, *reasons])
    if read_prompt(system.environment()) is not None and system.find("cl"):
        return ok("a developer prompt's compiler", evidence=(str(system.find("cl")),))
    if not installed:
        return absent(
            system,
            "no Visual Studio with C++ compilers is installed",
            fix=_install_build_tools(system),
        )
    target = machine_of(system).target
    return absent(
        system,
        f"no installed Visual Studio can build for {target}: {reasons[0]}",
        evidence=reasons,
        fix=_mend(system, installed, target),
    )


def _mend(system: System, installed: tuple[VisualStudio, ...], target: str) -> str:
    newest = max(installed, key=lambda visual_studio: visual_studio.order)
    if newest.order[:2] < OLDEST and newest.major < OLDEST[0]:
        return _install_build_tools(system)
    if newest.order[:2] < OLDEST:
        return visual_studio_setup(system, "update", newest)
    if not newest.complete and newest.restart:
        return "shutdown /r /t 60"
    if not newest.complete:
        return visual_studio_setup(system, "repair", newest)
    if target == WINDOWS_ARM64.cmake:
        return visual_studio_setup(system, "modify", newest, "--add", VC_TOOLS[target])
    workload = _WORKLOADS.get(newest.product, _IDE_WORKLOAD)
    return visual_studio_setup(system, "modify", newest, "--add", workload, "--includeRecommended")


#: Folders of Visual Studio and of the Windows SDKs.
_KIT_FOLDERS: Final = re.compile(
    r"\\Windows Kits\\|\\Microsoft SDKs\\|\\Microsoft Visual Studio\b", re.IGNORECASE
)


@check(
    title="The developer prompt matches Python",
    why='The "Developer Command Prompt" of the start menu targets 32-bit x86; a 64-bit Python then '
    "gets unresolved symbols or LNK1112. A prompt's variables saved for the user, even only "
    "INCLUDE and LIB, outlive the Visual Studio they came from.",
    source="Microsoft, Use the MSVC toolset from the command line",
    platforms=("win32",),
)
def msvc_prompt(system: System) -> Outcome:
    prompt = read_prompt(system.environment())
    if prompt is None:
        return _saved_variables(system)
    place = system.variable("VCINSTALLDIR")
    evidence = [f"VCINSTALLDIR={place}"]
    evidence += [f"VSCMD_ARG_TGT_ARCH={prompt.target}"] if prompt.target else []
    ordinary = "open an ordinary terminal: the build sets MSVC's environment itself"
    if not system.is_folder(place):
        return fail(
            "this is a developer prompt of a Visual Studio that no longer exists",
            evidence=evidence,
            fix=ordinary,
        )
    target = architecture(system.python.platform)
    if prompt.target and prompt.target != target:
        return fail(
            f"the developer prompt is for {prompt.target}, this Python is for {target}: "
            "the linker would refuse Python's library",
            evidence=evidence,
            fix=ordinary,
        )
    compiler = system.find("cl")
    if compiler is None:
        return fail(
            "a developer prompt's variables are set, but cl.exe is not on PATH",
            evidence=evidence,
            fix=ordinary,
        )
    return ok(f"developer prompt for {prompt.target or target}", evidence=[*evidence, compiler])


def _saved_variables(system: System) -> Outcome:
    """Judge INCLUDE and LIB outside a prompt: values saved into the user's variables.

    vcvarsall.bat prepends its own folders and removes none.
    """
    stale = [
        name for name in ("INCLUDE", "LIB", "LIBPATH") if _KIT_FOLDERS.search(system.variable(name))
    ]
    if not stale:
        return skip("no developer prompt: the build sets MSVC's environment itself")
    return warn(
        f"{' and '.join(stale)} name folders of a Visual Studio or SDK outside a developer prompt: "
        "every compiler would search them too",
        evidence=[f"{name}={system.variable(name)}" for name in stale],
        fix=unset(system, *stale),
    )


_SDK_ROOTS: Final = (
    r"HKLM\SOFTWARE\WOW6432Node\Microsoft\Windows Kits\Installed Roots",
    r"HKLM\SOFTWARE\Microsoft\Windows Kits\Installed Roots",
)
_SDK_COMPONENT: Final = "Microsoft.VisualStudio.Component.Windows11SDK.26100"


@check(
    title="A Windows SDK is installed",
    why="The compilers do not include windows.h and kernel32.lib. A removed SDK leaves its "
    "folder and registry entry, and CMake's compiler test then fails.",
    source="Microsoft, Windows SDK; tauri's separate query for tools and SDK",
    waits=True,
    limit_s=90,  # as long as vswhere may take
    platforms=("win32",),
)
def windows_sdk(system: System) -> Outcome:
    platform = by_tag(system.python.platform)
    if platform is None:
        return skip("this Python is MinGW's: its headers are used")
    root = next(
        (
            str(v["KitsRoot10"])
            for key in _SDK_ROOTS
            if (v := system.registry(key)) and "KitsRoot10" in v
        ),
        "",
    )
    if not root:
        return absent(
            system, "no Windows SDK is installed: windows.h is missing", fix=_add_sdk(system)
        )
    whole, broken = [], []
    for version in system.names(system.join(root, "Include")) or ():
        header = system.join(root, "Include", version, "um", "windows.h")
        library = system.join(root, "Lib", version, "um", platform.folder, "kernel32.lib")
        if not version.startswith("10."):
            continue
        missing = [path for path in (header, library) if not system.is_file(path)]
        if missing:
            broken.append(f"{version}: {missing[0]} is missing")
        else:
            whole.append(version)
    if whole:
        newest = max(whole, key=lambda v: [int(part) for part in v.split(".") if part.isdecimal()])
        return ok(f"Windows SDK {newest}", evidence=[f"{root} {version}" for version in whole])
    return absent(
        system,
        f"no complete Windows SDK for {platform.folder}",
        evidence=tuple(broken) or (f"{root} is empty",),
        fix=_add_sdk(system),
    )


def _add_sdk(system: System) -> str:
    """Return the command that adds the SDK: with the installed Visual Studio's installer."""
    if found := readable(system):
        return visual_studio_setup(system, "modify", found[0], "--add", _SDK_COMPONENT)
    return install(system, "windows-sdk")


@check(
    title="MSVC's linker is found first",
    why="conda (Library\\usr\\bin), Git (usr\\bin) and MSYS2 have a GNU program of the same name, "
    "which creates links. Found first, it breaks Cargo and Ninja builds with "
    '"link: extra operand". Change the order of PATH; deleting it would break its owner.',
    source="ilammy/msvc-dev-cmd README; mlc-ai/package build_win.bat",
    waits=True,
    limit_s=90,  # as long as vswhere may take
    platforms=("win32",),
)
def link_exe(system: System) -> Outcome:
    found = system.find_all("link")
    evidence = [f"{path}: {_whose(system, path)}" for path in found]
    microsoft = [path for path in found if _is_msvc(system, path)]
    if not found or _is_msvc(system, found[0]):
        return ok("link.exe: " + ("MSVC's" if found else "none on PATH"), evidence=evidence)
    if microsoft:
        return fail(
            f"{_whose(system, found[0])}'s link.exe comes before MSVC's on PATH: "
            'linking fails with "extra operand"',
            evidence=evidence,
            fix=prepend_path(system, system.path.dirname(microsoft[0])),
        )
    if system.variable("VCINSTALLDIR"):
        return fail(
            f"the only link.exe on PATH is {_whose(system, found[0])}'s, in a developer prompt",
            evidence=evidence,
            fix="open an ordinary terminal: the build sets MSVC's environment itself",
        )
    if not readable(system):
        return warn(
            f"the only link.exe is {_whose(system, found[0])}'s: Rust would link with it",
            evidence=evidence,
            fix=command(system, python(system), "-m", "mlcbuild", "doctor", "--only", "msvc"),
        )
    return ok(
        f"link.exe on PATH is {_whose(system, found[0])}'s, the build puts MSVC's before it",
        evidence=evidence,
    )


def _is_msvc(system: System, path: str) -> bool:
    return system.is_file(system.join(system.path.dirname(path), "cl.exe"))


def _whose(system: System, path: str) -> str:
    """Name the owner, judged by the folder."""
    lower = path.lower()
    if _is_msvc(system, path):
        return "MSVC"
    if "\\git\\" in lower:
        return "Git"
    if "msys" in lower:
        return "MSYS2"
    if "cygwin" in lower:
        return "Cygwin"
    if "\\library\\usr\\bin" in lower or "conda" in lower:
        return "conda"
    return "another program"
