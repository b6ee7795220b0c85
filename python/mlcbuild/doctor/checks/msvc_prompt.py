"""``msvc-prompt``: the developer prompt matches this Python and is not stale."""

from __future__ import annotations

import re
from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, skip, warn
from mlcbuild.doctor.shell import unset
from mlcbuild.toolchain.machine import architecture
from mlcbuild.toolchain.probe import read_prompt

__all__ = ["CHECK"]

#: Folders of Visual Studio and of the Windows SDKs.
_OLD: Final = re.compile(
    r"\\Windows Kits\\|\\Microsoft SDKs\\|\\Microsoft Visual Studio\b", re.IGNORECASE
)


def _run(system: System) -> Outcome:
    prompt = read_prompt(system.environment())
    if prompt is None:
        return _saved(system)
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


def _saved(system: System) -> Outcome:
    """Judge INCLUDE and LIB outside a prompt: values saved into the user's variables.

    vcvarsall.bat prepends its own folders and removes none.
    """
    stale = [name for name in ("INCLUDE", "LIB", "LIBPATH") if _OLD.search(system.variable(name))]
    if not stale:
        return skip("no developer prompt: the build sets MSVC's environment itself")
    return warn(
        f"{' and '.join(stale)} name folders of a Visual Studio or SDK outside a developer prompt: "
        "every compiler would search them too",
        evidence=[f"{name}={system.variable(name)}" for name in stale],
        fix=unset(system, *stale),
    )


CHECK = Check(
    title="The developer prompt matches Python",
    why='The "Developer Command Prompt" of the start menu targets 32-bit x86; a 64-bit Python then '
    "gets unresolved symbols or LNK1112. A prompt's variables saved for the user, even only "
    "INCLUDE and LIB, outlive the Visual Studio they came from.",
    source="Microsoft, Use the MSVC toolset from the command line",
    run=_run,
    platforms=("win32",),
)
