"""``cmake-generator``: the CMake on PATH supports the newest Visual Studio."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.packages import pip, pip_repair
from mlcbuild.doctor.toolchains import cmake_of, usable
from mlcbuild.errors import InputError
from mlcbuild.toolchain.cmake import visual_studio_generator

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    cmake = cmake_of(system)
    if cmake is None:
        return skip("no CMake to ask")
    try:
        found = usable(system)[0]
    except InputError as error:
        return skip(f"see the check msvc: {error.message}")
    if not found:
        return skip("no usable Visual Studio: see the check msvc")
    newest = max(found, key=lambda visual_studio: visual_studio.order)
    generator, since = visual_studio_generator(newest.major)
    evidence = (f"{newest.name} {newest.path}", f"CMake {cmake.text} {system.find('cmake')}")
    if not generator or cmake.knows(generator):
        return ok(f"CMake {cmake.text} supports {newest.name}", evidence=evidence)
    return warn(
        f"{newest.name} needs CMake {since}, found {cmake.text}: "
        'CMake will say that it "could not find any instance of Visual Studio"',
        evidence=evidence,
        fix=pip(system, "install", f"cmake>={since}"),
        repair=pip_repair(system, f"cmake>={since}"),
    )


CHECK = Check(
    title="CMake supports the newest Visual Studio",
    why='The generator "Visual Studio 18 2026" came with CMake 4.2. An older one falls back to '
    "another Visual Studio, or finds none. Our build then uses Ninja Multi-Config; manual "
    "builds stop.",
    source="CMake 4.2 release notes; google/bloaty#506, ada-url/ada#1165, microsoft/msquic#6104",
    run=_run,
    waits=True,
    limit_s=90,  # as long as vswhere may take
    platforms=("win32",),
)
