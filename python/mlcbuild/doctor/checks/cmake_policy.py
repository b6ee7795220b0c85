"""``cmake-policy``: the CMake on PATH refuses old projects in an upstream source tree."""

from __future__ import annotations

from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.shell import set_variables
from mlcbuild.doctor.trees import sources
from mlcbuild.doctor.versions import dotted, find_version

__all__ = ["CHECK"]

_VARIABLE: Final = "CMAKE_POLICY_VERSION_MINIMUM"
#: Below a source tree of MLC-LLM: declares CMake 3.1.
_OLD: Final = ("3rdparty", "tokenizers-cpp", "msgpack", "CMakeLists.txt")


def _run(system: System) -> Outcome:
    trees = [tree for tree in sources(system) if system.is_file(system.join(tree, *_OLD))]
    version = find_version(system.ask("cmake", "--version"))
    if not trees or version is None:
        return skip("no upstream source tree here" if not trees else "no CMake to ask")
    if version < (4,) or system.variable(_VARIABLE):
        return ok(f"CMake {dotted(version)} accepts upstream's old projects")
    return warn(
        f"CMake {dotted(version)} refuses projects that declare less than 3.5, such as this "
        f"tree's msgpack",
        evidence=[system.join(tree, *_OLD) for tree in trees],
        fix=set_variables(system, **{_VARIABLE: "3.5"}),
    )


CHECK = Check(
    title="CMake accepts upstream's old projects",
    why="CMake 4 dropped compatibility with projects that declare less than 3.5. Our policy sets "
    "it for our builds; a manual build of upstream's tree needs the variable.",
    source="CMake 4.0 release notes; mlc-ai/package 2820c59",
    run=_run,
    waits=True,
)
