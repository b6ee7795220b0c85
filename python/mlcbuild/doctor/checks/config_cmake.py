"""``config-cmake``: a stale ``config.cmake`` that overrides the command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.check import Check, Outcome, Repair, System, ok, skip, warn
from mlcbuild.doctor.shell import rename
from mlcbuild.doctor.trees import build_folders, sources

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CHECK"]

_SET: Final = re.compile(r"^\s*set\s*\(\s*(\w+)\s+([^)]*?)\s*\)", re.IGNORECASE | re.MULTILINE)
_FOLDERS: Final = ("TVM_SOURCE_DIR", "TVM_HOME")


def _run(system: System) -> Outcome:
    places = dict.fromkeys((*build_folders(system), *_with_build(system)))
    files = [system.join(place, "config.cmake") for place in places]
    files = [path for path in files if system.is_file(path)]
    if not files:
        return skip("no config.cmake here")
    for path in files:
        problem = next(_problems(system, path), "")
        if problem:
            backup = _free_name(system, path)
            return warn(
                f"{path} {problem}",
                evidence=files,
                fix=rename(system, path, backup),
                repair=Repair(
                    says=f"rename {path} to {system.path.basename(backup)}",
                    undo=rename(system, backup, path),
                    rename=(path, backup),
                ),
            )
    return ok("config.cmake overrides nothing important", evidence=files)


def _with_build(system: System) -> Iterator[str]:
    """Yield source trees and their possible build folders."""
    for source in sources(system):
        yield source
        yield system.join(source, "build")


def _problems(system: System, path: str) -> Iterator[str]:
    settings: dict[str, list[str]] = {}
    for name, value in _SET.findall(system.text(path) or ""):
        settings.setdefault(name, []).append(value.strip('"'))
    if "CMAKE_BUILD_TYPE" in settings:
        value = settings["CMAKE_BUILD_TYPE"][-1]
        yield f"sets CMAKE_BUILD_TYPE to {value}, overriding the command line"
    for name in _FOLDERS:
        value = settings.get(name, [""])[-1]
        if value and "$" not in value and not system.is_folder(value):
            yield f"sets {name} to {value}, which is gone"
    for name, values in settings.items():
        if len(set(values)) > 1:
            yield f"sets {name} {len(values)} times, to {' and to '.join(dict.fromkeys(values))}"


def _free_name(system: System, path: str) -> str:
    for number in range(1, 100):
        name = f"{path}.{number}.bak"
        if system.entry(name) is None:
            return name
    return f"{path}.bak"


CHECK = Check(
    title="No stale config.cmake",
    why="gen_cmake_config.py writes config.cmake once, with a plain set() that hides -D options, "
    "and CMake reads it from the build folder, else from the source folder. It survives upgrades.",
    source="mlc-llm, cmake/gen_cmake_config.py and CMakeLists.txt at 79d603f0",
    run=_run,
)
