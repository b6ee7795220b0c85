"""``zig``: the Zig on PATH runs."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.packages import pip
from mlcbuild.doctor.versions import dotted, find_version

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    path = system.find("zig")
    if path is None:
        return skip("not installed: only CXX='zig c++' needs it")
    done = system.run(path, "version")
    version = find_version(done.out) if done.good else None
    if version is None:
        return warn(
            "Zig does not run",
            evidence=(f"{path}: {done.problem or f'exits with code {done.code}'}",),
            fix=pip(system, "install", "--force-reinstall", "ziglang"),
        )
    return ok(f"Zig {dotted(version)}", evidence=(path,))


CHECK = Check(
    title="Zig runs",
    why="zig c++ is a C++ compiler for Windows on any system; its wrapper breaks when the Python "
    "it was installed into is removed.",
    source="ziglang on the package index",
    run=_run,
    waits=True,
)
