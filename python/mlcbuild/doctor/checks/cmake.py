"""``cmake``: the CMake that a build would use works and is new enough."""

from __future__ import annotations

from typing import Final

from mlcbuild.builder.preflight import CMAKE
from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, warn
from mlcbuild.doctor.packages import pip, pip_repair
from mlcbuild.doctor.shell import unset
from mlcbuild.doctor.versions import dotted, find_version

__all__ = ["CHECK"]

_WANTED: Final = f"cmake>={dotted(CMAKE)}"
_FALSE: Final = frozenset({"0", "false", "no", "off"})


def _run(system: System) -> Outcome:
    path = system.find("cmake")
    if path is None:
        return _too_little(system, "none on PATH", ())
    done = system.run(path, "--version")
    version = find_version(done.out) if done.good else None
    if version is None:
        why = done.problem or f"exits with code {done.code}"
        return fail(
            "the CMake that is first on PATH does not run",
            evidence=(f"{path}: {why}",),
            fix=pip(system, "install", _WANTED),
            repair=pip_repair(system, _WANTED),
        )
    found = (f"{path} {dotted(version)}",)
    if version[:2] < CMAKE:
        return _too_little(system, f"{dotted(version)} is older than {dotted(CMAKE)}", found)
    return ok(f"CMake {dotted(version)}", evidence=found)


def _too_little(system: System, what: str, evidence: tuple[str, ...]) -> Outcome:
    """Judge by whether pip may install a CMake for the build."""
    no_index = system.variable("PIP_NO_INDEX")
    isolation = system.variable("PIP_NO_BUILD_ISOLATION")
    if no_index and no_index.lower() not in _FALSE:
        return fail(
            f"CMake: {what}, and PIP_NO_INDEX={no_index} keeps pip from installing one",
            evidence=evidence,
            fix=unset(system, "PIP_NO_INDEX"),
        )
    # pip reads PIP_NO_BUILD_ISOLATION as the value of build_isolation: 0 switches it off.
    if isolation and isolation.lower() in _FALSE:
        return fail(
            f"CMake: {what}, and PIP_NO_BUILD_ISOLATION={isolation} keeps pip from installing one",
            evidence=evidence,
            fix=pip(system, "install", _WANTED),
            repair=pip_repair(system, _WANTED),
        )
    if isolation:
        return warn(
            f"PIP_NO_BUILD_ISOLATION={isolation} does not turn pip's build isolation off "
            f"(0 does); a build without isolation would fail here, CMake: {what}",
            evidence=evidence,
            fix=unset(system, "PIP_NO_BUILD_ISOLATION"),
        )
    return ok(f"CMake: {what}, pip installs a newer one for each build", evidence=evidence)


CHECK = Check(
    title="CMake is new enough",
    why="tvm-ffi needs 3.26. pip installs a CMake for a build where PATH has none or an old one, "
    "unless configured not to; a broken one on PATH is used all the same.",
    source="tvm-ffi's CMakeLists.txt; docs/superbuild.md; pip, Configuration (negated options)",
    run=_run,
    waits=True,
)
