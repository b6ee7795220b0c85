"""Other programs of a build: Ninja, MinGW-w64, Wine, Zig."""

from __future__ import annotations

import re
from typing import Final

from mlcbuild.builder.preflight import GCC
from mlcbuild.doctor.check import Outcome, System, check, fail, ok, skip, warn
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.packages import pip, pip_repair
from mlcbuild.mingw import compilers, program
from mlcbuild.versions import dotted

#: scikit-build-core's default minimum; CMake's Ninja generators need 1.5.
_OLDEST_NINJA: Final = (1, 5)


@check(
    title="Ninja runs",
    why="The first Ninja on PATH is used, even if it does not start (for another machine, "
    "or a wrapper whose Python is gone).",
    source="CMake, Ninja generator; scikit-build-core, ninja.version",
    waits=True,
)
def ninja(system: System) -> Outcome:
    path = system.find("ninja")
    if path is None:
        return ok("Ninja: none on PATH, pip installs one where a build needs it")
    version, line = system.version_of(path)
    if version is None:
        return fail(
            "the Ninja that is first on PATH does not run",
            evidence=(line,),
            fix=pip(system, "install", "ninja"),
            repair=pip_repair(system, "ninja"),
        )
    if version < _OLDEST_NINJA:
        return warn(
            f"Ninja {dotted(version)} is older than {dotted(_OLDEST_NINJA)}",
            evidence=(line,),
            fix=pip(system, "install", "ninja"),
            repair=pip_repair(system, "ninja"),
        )
    return ok(f"Ninja {dotted(version)}", evidence=(line,))


@check(
    title="MinGW-w64 can cross-build",
    why="The lab compiles its helpers with MinGW-w64. The variant with the thread model "
    "win32 has no std::mutex before GCC 13.",
    source="GCC 13 release notes",
    waits=True,
    platforms=("linux",),
)
def mingw(system: System) -> Outcome:
    path = next((p for name in compilers("g++") if (p := system.find(name))), None)
    fix = install(system, "mingw")
    if path is None:
        if system.find(program("gcc")):
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


#: The lab was tested with 8; older ones lack functions that Windows' Python needs.
_OLDEST_WINE: Final = 8


@check(
    title="Wine can run the lab",
    why="mlcbuild lab runs Windows' Python under Wine to test a Windows wheel on Linux.",
    source="docs/verify.md",
    waits=True,
    platforms=("linux",),
)
def wine(system: System) -> Outcome:
    path = system.find("wine") or system.find("wine64")
    if path is None:
        return skip("not installed: only mlcbuild lab and verify --lab need it")
    fix = install(system, "wine")
    done = system.run(path, "--version")
    match = re.search(r"wine-(\d+)\.(\d+)", done.out)
    if match is None:
        why = (done.err.strip().splitlines() or [done.problem or f"exit code {done.code}"])[-1]
        return warn("Wine does not run", evidence=(f"{path}: {why}",), fix=fix)
    evidence = (f"{path} {match[0]}",)
    if int(match[1]) < _OLDEST_WINE:
        return warn(
            f"Wine {match[1]}.{match[2]} is older than {_OLDEST_WINE}", evidence=evidence, fix=fix
        )
    return ok(f"Wine {match[1]}.{match[2]}", evidence=evidence)


@check(
    title="Zig runs",
    why="zig c++ is a C++ compiler for Windows on any system; its wrapper breaks when the Python "
    "it was installed into is removed.",
    source="ziglang on the package index",
    waits=True,
)
def zig(system: System) -> Outcome:
    path = system.find("zig")
    if path is None:
        return skip("not installed: only CXX='zig c++' needs it")
    version, line = system.version_of(path, "version")
    if version is None:
        return warn(
            "Zig does not run",
            evidence=(line,),
            fix=pip(system, "install", "--force-reinstall", "ziglang"),
        )
    return ok(f"Zig {dotted(version)}", evidence=(path,))
