"""``compiler-flags``: no variable slips another C runtime or a Debug build in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.model import Check, Outcome, fail, ok
from mlcbuild.doctor.shell import unset

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]

_VARIABLES: Final = ("CL", "_CL_", "CFLAGS", "CXXFLAGS", "LINK", "_LINK_")
_RUNTIME: Final = re.compile(r"(?:^|\s)[/-](MTd?|MDd)(?=\s|$)|[/-]D\s*_DEBUG\b")


def _run(system: System) -> Outcome:
    for name in _VARIABLES:
        value = system.variable(name)
        match = _RUNTIME.search(value)
        if match:
            return fail(
                f"{name} holds {match[0].strip()}: every compile would mix C runtimes "
                "(LNK2038, two heaps)",
                evidence=(f"{name}={value}",),
                fix=unset(system, name),
            )
    return ok("no variable changes the C runtime")


CHECK = Check(
    id="compiler-flags",
    title="No variable changes the C runtime",
    category="toolchain",
    why="cl.exe reads CL and _CL_, link.exe LINK, CMake CFLAGS and CXXFLAGS. /MT, /MTd or /MDd "
    "there overrides the one runtime (/MD) that C++, Rust and Python must share.",
    source="Microsoft, CL environment variables; mlc-ai/mlc-llm#999",
    run=_run,
    platforms=("win32",),
)
