"""``source-variables``: MLC_LLM_SOURCE_DIR and TVM_HOME name existing source trees."""

from __future__ import annotations

from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, warn
from mlcbuild.doctor.distributions import family, provides
from mlcbuild.doctor.shell import unset

__all__ = ["CHECK"]

_VARIABLES: Final = ("MLC_LLM_SOURCE_DIR", "TVM_HOME", "TVM_SOURCE_DIR")


def _run(system: System) -> Outcome:
    evidence = []
    for name in _VARIABLES:
        value = system.variable(name)
        if not value:
            continue
        line = f"{name}={value}"
        evidence.append(line)
        if not system.is_folder(value):
            return fail(f"{line} names a missing folder", evidence=(line,), fix=unset(system, name))
        if not system.is_file(system.join(value, "CMakeLists.txt")):
            return warn(
                f"{line} names a folder that is not a source tree",
                evidence=(line, f"{system.join(value, 'CMakeLists.txt')} is missing"),
                fix=unset(system, name),
            )
    installed = [d for d in family(system) if provides(d.name) == "tvm"]
    if installed and system.variable("TVM_HOME"):
        return warn(
            f"TVM_HOME is set and {installed[0].name} {installed[0].version} is installed: "
            "headers and libraries come from different TVMs",
            evidence=(*evidence, f"{installed[0].name} {installed[0].version}"),
            fix=unset(system, "TVM_HOME"),
        )
    return ok("source variables: " + ("good" if evidence else "not set"), evidence=evidence)


CHECK = Check(
    title="Source variables name source trees",
    why="MLC_LLM_SOURCE_DIR and TVM_HOME set where headers and build trees are searched. They "
    "outlive the tree they were set for.",
    source="mlc-llm's CMakeLists.txt and docs/install",
    run=_run,
)
