"""``cxx-compiler``: a C++20 compiler, on systems without Visual Studio."""

from __future__ import annotations

from mlcbuild.builder.preflight import CLANG, GCC
from mlcbuild.doctor.check import Check, Outcome, System, fail, ok
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.purpose import absent
from mlcbuild.doctor.versions import dotted, find_version

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    fix = install(system, "c++")
    path = next((p for name in ("c++", "g++", "clang++") if (p := system.find(name))), None)
    if path is None:
        return absent(system, "no C++ compiler is installed", fix=fix)
    done = system.run(path, "--version")
    version = find_version(done.out) if done.good else None
    if version is None:
        return fail(
            "the C++ compiler does not run",
            evidence=(f"{path}: {done.problem or f'exits with code {done.code}'}",),
            fix=fix,
        )
    clang = "clang" in done.out
    name, floor = ("Clang", CLANG) if clang else ("GCC", GCC)
    if version < floor:
        return fail(
            f"{name} {dotted(version)} is older than {dotted(floor)}: C++20 is incomplete",
            evidence=(f"{path} {dotted(version)}",),
            fix=fix,
        )
    return ok(f"{name} {dotted(version)}", evidence=(f"{path} {dotted(version)}",))


CHECK = Check(
    title="A C++20 compiler is installed",
    why="TVM 0.26 is written in C++20, which needs GCC 10 or Clang 12.",
    source="docs/superbuild.md",
    run=_run,
    waits=True,
    platforms=("linux", "darwin"),
)
