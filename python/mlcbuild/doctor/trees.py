"""The source trees and build folders in use on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.check import Outcome, fail, skip
from mlcbuild.doctor.distributions import editable_source, family, provides

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

#: Configuration folders of multi-config generators.
CONFIGURATIONS: Final = ("Debug", "Release", "RelWithDebInfo", "MinSizeRel")
#: Variables that name source trees.
VARIABLES: Final = ("MLC_LLM_SOURCE_DIR", "TVM_HOME", "TVM_SOURCE_DIR")
_LIBRARIES: Final = (".dll", ".pyd")
#: How many images of one tree are read at most.
_IMAGES: Final = 60


def sources(system: System) -> tuple[str, ...]:
    """Return the source folders: the current one, those of variables and of editable installs."""
    found = [system.folder, *(system.variable(name) for name in VARIABLES)]
    found += [editable_source(system, distribution) for distribution in family(system)]
    kept = (folder for folder in found if folder and _is_source(system, folder))
    return tuple(dict.fromkeys(system.path.normpath(folder) for folder in kept))


def _is_source(system: System, folder: str) -> bool:
    return any(
        system.is_file(system.join(folder, name)) for name in ("CMakeLists.txt", "CMakeCache.txt")
    )


def build_folders(system: System) -> tuple[str, ...]:
    """Return the CMake build folders of all source trees, including those below ``build``."""
    found = []
    for source in sources(system):
        places = [source]
        for name in system.names(source) or ():
            if name.lower().startswith(("build", "_build", "cmake-build", "out")):
                folder = system.join(source, name)
                below = (system.join(folder, inner) for inner in system.names(folder) or ())
                places += [folder, *below]
        found += [p for p in places if system.is_file(system.join(p, "CMakeCache.txt"))]
    return tuple(dict.fromkeys(found))


def cache(system: System, build: str) -> dict[str, str]:
    """Return the entries of ``CMakeCache.txt``; a value may be empty."""
    entries = {}
    for line in (system.text(system.join(build, "CMakeCache.txt")) or "").splitlines():
        if not line.startswith(("#", "//")) and "=" in line:
            key, _, value = line.partition("=")
            entries[key.partition(":")[0]] = value.strip()
    return entries


def images(system: System, build: str) -> Iterator[str]:
    """Yield the Windows libraries of a build folder, where CMake and MSBuild put them."""
    parents = [build, *(system.join(build, name) for name in ("lib", "bin", "out", "tvm"))]
    folders = [
        *parents,
        *(system.join(parent, name) for parent in parents for name in CONFIGURATIONS),
    ]
    number = 0
    for folder in folders:
        for name in system.names(folder) or ():
            if name.lower().endswith(_LIBRARIES) and number < _IMAGES:
                number += 1
                yield system.join(folder, name)


def builds(system: System) -> bool:
    """Return whether a build is the likely purpose.

    It is not where MLC-LLM or TVM is installed as a wheel and the current folder is not a project:
    then a missing compiler does not explain why something does not run.
    """
    if any(
        system.is_file(system.join(system.folder, name))
        for name in ("CMakeLists.txt", "pyproject.toml", "setup.py")
    ):
        return True
    wanted = [d for d in family(system) if provides(d.name) in ("mlc_llm", "tvm")]
    return not wanted or any(editable_source(system, found) for found in wanted)


def absent(system: System, finding: str, *, fix: str, evidence: tuple[str, ...] = ()) -> Outcome:
    """Report a missing build tool: a failure where builds are expected, else a skip."""
    if builds(system):
        return fail(finding, fix=fix, evidence=evidence)
    return skip(f"{finding} (only a build needs it)")
