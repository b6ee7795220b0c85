"""``cmake-variables``: environment variables that change CMake's configuration."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, warn
from mlcbuild.doctor.shell import unset
from mlcbuild.doctor.toolchains import overrides_of
from mlcbuild.toolchain.toolchain_file import PACKAGES

if TYPE_CHECKING:
    from mlcbuild.toolchain.overrides import Overrides

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    arguments = system.variable("CMAKE_ARGS")
    if "CMAKE_PROJECT_TOP_LEVEL_INCLUDES" in arguments:
        return _problem(system, "CMAKE_ARGS", "replaces the release policy", grave=True)
    try:
        shlex.split(arguments)
    except ValueError:
        return _problem(system, "CMAKE_ARGS", "has an unpaired quotation mark", grave=True)
    file = system.variable("CMAKE_TOOLCHAIN_FILE")
    if file and not system.is_file(file):
        return _problem(system, "CMAKE_TOOLCHAIN_FILE", "names a missing file", grave=True)
    overrides = overrides_of(system)
    if overrides.toolchain_file:
        variable = (
            "CMAKE_TOOLCHAIN_FILE" if file == overrides.toolchain_file.value else "CMAKE_ARGS"
        )
        problem = _foreign(system, overrides)
        if problem:
            return _problem(system, variable, problem)
    if system.variable("MLCBUILD_CONFIGURATION") not in ("", "Release"):
        return _problem(system, "MLCBUILD_CONFIGURATION", "selects a build that is never packaged")
    if system.variable("CMAKE_CONFIG_TYPE") not in ("", "Release"):
        return _problem(
            system, "CMAKE_CONFIG_TYPE", "is the default of cmake --build without --config"
        )
    for name in ("CMAKE_BUILD_TYPE", "SKBUILD_CMAKE_BUILD_TYPE"):
        if re.fullmatch(r"(?i)debug|relwithdebinfo", system.variable(name)):
            return _problem(
                system, name, "is not Release, and Visual Studio generators ignore it anyway"
            )
    if re.search(r"-D\s*CMAKE_BUILD_TYPE(:\w+)?=(?!Release\b)", arguments):
        return _problem(system, "CMAKE_ARGS", "selects a configuration other than Release")
    runtime = re.search(r"-D\s*CMAKE_MSVC_RUNTIME_LIBRARY(:\w+)?=(?!MultiThreadedDLL\b)", arguments)
    if system.windows and (runtime or re.search(r"[\s=\"'][/-]MTd?(?=[\s\"']|$)", arguments)):
        return _problem(system, "CMAKE_ARGS", "selects a C runtime other than Python's (/MD)")
    return ok("no variable changes CMake's configuration")


def _foreign(system: System, overrides: Overrides) -> str:
    """Describe the effect of an existing toolchain file; empty where it may be intended."""
    path = overrides.toolchain_file.value
    if match := PACKAGES.search(path):
        who = "vcpkg" if match[1].lower() == "vcpkg" else "Conan"
        return f"puts {who}'s packages before the pinned ones in every build, including this one"
    named = re.search(r"set\s*\(\s*CMAKE_SYSTEM_NAME\s+\"?(\w+)", system.text(path) or "")
    own = {"win32": "Windows", "darwin": "Darwin"}.get(system.platform, "Linux")
    if named and named[1] not in (own, "Windows"):
        return f"targets {named[1]}: the libraries built do not load on this machine"
    return ""


def _problem(system: System, name: str, what: str, *, grave: bool = False) -> Outcome:
    line = f"{name}={system.variable(name)}"
    make = fail if grave else warn
    return make(f"{line} {what}", evidence=(line,), fix=unset(system, name))


CHECK = Check(
    title="No variable changes CMake's configuration",
    why="CMake and scikit-build-core read CMAKE_ARGS, CMAKE_BUILD_TYPE, CMAKE_CONFIG_TYPE and "
    "CMAKE_TOOLCHAIN_FILE. One set for another project silently changes a Release build, "
    "and vcpkg's toolchain file adds its own copies of libraries.",
    source="CMake, environment variables; vcpkg, CMake integration; docs/your-project.md; "
    "mlc-ai/mlc-llm#999",
    run=_run,
)
