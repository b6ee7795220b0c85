"""``compiler-variables``: CC and CXX name a compiler that is there and fits."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from mlcbuild.build.toolchain.compilers import family_of
from mlcbuild.doctor.model import Check, Outcome, fail, ok, warn
from mlcbuild.doctor.shell import unset

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    evidence = []
    for name in ("CXX", "CC"):
        value = system.variable(name)
        if not value:
            continue
        line = f"{name}={value}"
        program = _program(system, value)
        if program is None:
            return fail(
                f"{line} names a compiler that is not there",
                evidence=(line,),
                fix=unset(system, name),
            )
        family = family_of(value)
        if system.windows and family == "mingw" and not system.python.platform.startswith("mingw"):
            return warn(
                f"{line} is MinGW: its C++ does not mix with that of MSVC, which Python and the "
                "TVM wheels are built with",
                evidence=(f"{line}: {program}",),
                fix=unset(system, name),
            )
        evidence.append(f"{line}: {program}")
    return ok("CC, CXX: " + ("found" if evidence else "not set"), evidence=evidence)


def _program(system: System, value: str) -> str | None:
    """Find the program of a value that may be quoted, hold blanks, or carry options."""
    whole = value.strip().strip('"')
    if system.is_file(whole):
        return whole
    try:
        words = shlex.split(value, posix=not system.windows)
    except ValueError:
        words = value.split()
    first = words[0].strip('"') if words else ""
    if system.is_file(first) or system.is_file(f"{first}.exe"):
        return first
    return system.find(first) if first and system.path.basename(first) == first else None


CHECK = Check(
    id="compiler-variables",
    title="CC and CXX name a usable compiler",
    category="toolchain",
    why="CMake's Ninja generators take CC and CXX as they are; a MinGW there (Strawberry Perl, "
    "MSYS2) builds DLLs whose C++ runtime is not the one of the TVM wheels. Visual Studio "
    "generators do not look at them at all.",
    source="CMake, environment variables CC and CXX; scikit-hep/cookie#710",
    run=_run,
)
