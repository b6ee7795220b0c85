"""``generator``: the build that CMAKE_GENERATOR and its like select is possible here."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, skip
from mlcbuild.doctor.shell import unset
from mlcbuild.doctor.toolchains import (
    choice_of,
    machine_of,
    overrides_of,
    usable,
    visual_studio_setup,
)
from mlcbuild.errors import InputError, UsageError
from mlcbuild.toolchain.machine import architecture
from mlcbuild.toolchain.vswhere import CLANG, CLANG_TOOLSET

__all__ = ["CHECK"]

_VARIABLES = (
    "CMAKE_GENERATOR",
    "CMAKE_GENERATOR_PLATFORM",
    "CMAKE_GENERATOR_TOOLSET",
    "CMAKE_GENERATOR_INSTANCE",
)


def _run(system: System) -> Outcome:
    evidence = [f"{name}={value}" for name in _VARIABLES if (value := system.variable(name))]
    try:
        if system.windows and not evidence and not usable(system)[0]:
            return skip("no usable Visual Studio: see the check msvc")
        choice = choice_of(system)
    except InputError as error:
        return skip(f"see the check msvc: {error.message}")
    except UsageError as error:
        return fail(error.message, evidence=evidence, fix=_fix(system, error))
    platform = architecture(overrides_of(system).platform.value)
    if system.windows and platform and platform != machine_of(system).target:
        return fail(
            f"{overrides_of(system).platform.said} selects {platform}, but this Python is for "
            f"{machine_of(system).target}",
            evidence=evidence,
            fix=unset(system, _said_by(system)),
        )
    return ok(f"generator {choice.generator}", evidence=[*evidence, *choice.reasons])


def _fix(system: System, error: UsageError) -> str:
    if "clang-cl toolset" in error.message and (visual_studios := usable(system)[0]):
        parts = ("--add", CLANG, "--add", CLANG_TOOLSET)
        return visual_studio_setup(system, "modify", visual_studios[0], *parts)
    if "CMAKE_ARGS" in error.message:
        return unset(system, "CMAKE_ARGS")
    asked = next((name for name in _VARIABLES if system.variable(name)), "")
    return unset(system, asked) if asked else error.remedy


def _said_by(system: System) -> str:
    said = overrides_of(system).platform.said
    name = said.partition("=")[0]
    return name if name in _VARIABLES else "CMAKE_ARGS"


CHECK = Check(
    title="A CMake generator can be chosen",
    why="The build uses the newest Visual Studio that CMake supports, else Ninja Multi-Config in "
    "MSVC's environment. CMAKE_GENERATOR and its like override that choice: a single-config "
    "generator without a configuration, or a missing Visual Studio, cannot build.",
    source="docs/superbuild.md; google/bloaty#506, microsoft/msquic#6104",
    run=_run,
    waits=True,
    limit_s=90,  # as long as vswhere may take
)
