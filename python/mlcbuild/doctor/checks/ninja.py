"""``ninja``: the Ninja that is first on PATH runs and can build several configurations."""

from __future__ import annotations

from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, warn
from mlcbuild.doctor.packages import pip, pip_repair
from mlcbuild.doctor.versions import dotted, find_version

__all__ = ["CHECK"]

#: scikit-build-core's default minimum; CMake's Ninja generators need 1.5.
_FLOOR: Final = (1, 5)


def _run(system: System) -> Outcome:
    path = system.find("ninja")
    if path is None:
        return ok("Ninja: none on PATH, pip installs one where a build needs it")
    done = system.run(path, "--version")
    version = find_version(done.out) if done.good else None
    if version is None:
        return fail(
            "the Ninja that is first on PATH does not run",
            evidence=(f"{path}: {done.problem or f'exits with code {done.code}'}",),
            fix=pip(system, "install", "ninja"),
            repair=pip_repair(system, "ninja"),
        )
    if version < _FLOOR:
        return warn(
            f"Ninja {dotted(version)} is older than {dotted(_FLOOR)}",
            evidence=(f"{path} {dotted(version)}",),
            fix=pip(system, "install", "ninja"),
            repair=pip_repair(system, "ninja"),
        )
    return ok(f"Ninja {dotted(version)}", evidence=(f"{path} {dotted(version)}",))


CHECK = Check(
    title="Ninja runs",
    why="The first Ninja on PATH is used, even if it does not start (for another machine, "
    "or a wrapper whose Python is gone).",
    source="CMake, Ninja generator; scikit-build-core, ninja.version",
    run=_run,
    waits=True,
)
