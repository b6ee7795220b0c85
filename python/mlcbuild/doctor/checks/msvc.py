"""``msvc``: a Visual Studio with C++20 compilers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, skip
from mlcbuild.doctor.installers import PROGRAMS, download
from mlcbuild.doctor.purpose import absent
from mlcbuild.doctor.shell import command
from mlcbuild.doctor.toolchains import (
    machine_of,
    toolset_of,
    usable,
    visual_studio_setup,
    visual_studios,
)
from mlcbuild.doctor.versions import dotted
from mlcbuild.doctor.winfacts import edition, find_winget
from mlcbuild.errors import InputError
from mlcbuild.msvc import OLDEST
from mlcbuild.platforms import WINDOWS_ARM64
from mlcbuild.toolchain.probe import read_prompt
from mlcbuild.toolchain.vswhere import VC_TOOLS

if TYPE_CHECKING:
    from mlcbuild.toolchain.vswhere import VisualStudio

__all__ = ["CHECK"]

#: Names of the C++ workload in the Build Tools and the IDEs.
_WORKLOADS: Final = {"BuildTools": "Microsoft.VisualStudio.Workload.VCTools"}
_IDE_WORKLOAD: Final = "Microsoft.VisualStudio.Workload.NativeDesktop"


def _install(system: System) -> str:
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


def _run(system: System) -> Outcome:
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
            system, "no Visual Studio with C++ compilers is installed", fix=_install(system)
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
        return _install(system)
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


CHECK = Check(
    title="Visual Studio's C++ compilers are installed",
    why="A Visual Studio or its Build Tools without the C++ workload, a half-finished installation "
    "or one older than 2019 16.11 (TVM is written in C++20) cannot build.",
    source="Microsoft, vswhere and Visual Studio installer command line",
    run=_run,
    waits=True,
    platforms=("win32",),
    limit_s=90,
)
