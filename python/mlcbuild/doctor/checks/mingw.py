"""``mingw``: the cross compiler that makes Windows wheels on Linux."""

from __future__ import annotations

import re

from mlcbuild import mingw
from mlcbuild.builder.preflight import GCC
from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.versions import dotted

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    path = next((p for name in mingw.compilers("g++") if (p := system.find(name))), None)
    fix = install(system, "mingw")
    if path is None:
        if system.find(mingw.program("gcc")):
            return warn("MinGW-w64 is installed without its C++ compiler", fix=fix)
        return skip("not installed: only the lab needs it (mlcbuild lab)")
    done = system.run(path, "-v")
    model = re.search(r"^Thread model: (\S+)", done.err + done.out, re.MULTILINE)
    # Debian writes "gcc version 12-posix (GCC)".
    found = re.search(r"^gcc version (\d+)(?:\.(\d+))?", done.err + done.out, re.MULTILINE)
    version = tuple(int(part) for part in found.groups() if part) if found else None
    evidence = (f"{path} {dotted(version or ())}, threads: {model[1] if model else 'unknown'}",)
    if not done.good or version is None:
        return warn("the MinGW-w64 compiler does not run", evidence=(path,), fix=fix)
    if version < GCC:
        return warn(
            f"MinGW-w64 GCC {dotted(version)} is older than {dotted(GCC)}: C++20 is incomplete",
            evidence=evidence,
            fix=fix,
        )
    if model is not None and model[1] == "win32" and version < (13,):
        return warn(
            "MinGW-w64 has the thread model win32: std::mutex is missing",
            evidence=evidence,
            fix=fix,
        )
    return ok(f"MinGW-w64 GCC {dotted(version)}", evidence=evidence)


CHECK = Check(
    title="MinGW-w64 can cross-build",
    why="The lab compiles its helpers with MinGW-w64. The variant with the thread model "
    "win32 has no std::mutex before GCC 13.",
    source="GCC 13 release notes",
    run=_run,
    waits=True,
    platforms=("linux",),
)
