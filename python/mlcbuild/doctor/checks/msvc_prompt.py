"""``msvc-prompt``: a developer prompt that fits this Python and is still true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.build.toolchain.facts import architecture
from mlcbuild.build.toolchain.probe import read_prompt
from mlcbuild.doctor.model import Check, Outcome, fail, ok, skip

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    prompt = read_prompt(system.environment())
    if prompt is None:
        return skip("no developer prompt: the build sets MSVC's environment itself")
    place = system.variable("VCINSTALLDIR")
    evidence = [f"VCINSTALLDIR={place}"]
    evidence += [f"VSCMD_ARG_TGT_ARCH={prompt.target}"] if prompt.target else []
    ordinary = "open an ordinary terminal: the build sets MSVC's environment itself"
    if not system.is_folder(place):
        return fail(
            "the environment is a developer prompt's whose Visual Studio is gone",
            evidence=evidence,
            fix=ordinary,
        )
    target = architecture(system.python.platform)
    if prompt.target and prompt.target != target:
        return fail(
            f"the developer prompt is for {prompt.target} and this Python is for {target}: "
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


CHECK = Check(
    id="msvc-prompt",
    title="The developer prompt fits",
    category="toolchain",
    why='The "Developer Command Prompt" of the start menu is for 32-bit x86; a 64-bit Python then '
    "meets unresolved symbols or LNK1112. A prompt that was saved into the user's variables "
    "outlives the Visual Studio it came from.",
    source="Microsoft, Use the MSVC toolset from the command line",
    run=_run,
    platforms=("win32",),
)
