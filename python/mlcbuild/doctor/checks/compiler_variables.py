"""``compiler-variables``: CC, CXX and CMAKE_ARGS name an existing, suitable compiler."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, warn
from mlcbuild.doctor.shell import unset
from mlcbuild.doctor.toolchains import choice_of, overrides_of, usable
from mlcbuild.errors import InputError, UsageError
from mlcbuild.toolchain.compilers import family_of

if TYPE_CHECKING:
    from mlcbuild.toolchain.overrides import Override

__all__ = ["CHECK"]

_GONE: Final = "names a missing compiler"
_MINGW: Final = (
    "is MinGW: its C++ ABI is not that of MSVC, which Python and the TVM wheels are built with"
)


def _run(system: System) -> Outcome:
    overrides = overrides_of(system)
    told = []
    for name, override in (("CXX", overrides.cxx), ("CC", overrides.c)):
        if override:
            variable = name if override.said.startswith(f"{name}=") else "CMAKE_ARGS"
            told.append((variable, *_judge(system, override)))
    evidence = [line for _, _, line in told]
    for problem, make in ((_GONE, fail), (_MINGW, warn)):
        found = [(variable, line) for variable, what, line in told if what == problem]
        if found:
            return make(
                f"{found[0][1]} {problem}",
                evidence=evidence,
                fix=unset(system, *dict.fromkeys(variable for variable, _ in found)),
            )
    return ok("CC, CXX: " + ("found" if told else "not set"), evidence=evidence)


def _judge(system: System, override: Override) -> tuple[str, str]:
    """Return what is wrong with a compiler, empty for nothing, and where it was named."""
    family = family_of(override.value)
    if system.windows and _made_by_the_build(system, override.value, family):
        return "", override.said
    if _program(system, override.value) is None:
        return _GONE, override.said
    if system.windows and family == "mingw" and not system.python.platform.startswith("mingw"):
        return _MINGW, override.said
    return "", override.said


def _made_by_the_build(system: System, value: str, family: str | None) -> bool:
    """Return whether the value is a bare name that Visual Studio's environment provides.

    Visual Studio generators ignore CC, and Ninja runs inside vcvarsall.bat's PATH.
    """
    try:
        visual_studios = usable(system)[0]
        studio_drives = choice_of(system).generator.startswith("Visual Studio")
    except (InputError, UsageError):
        return family == "msvc"  # reported by the checks msvc and generator
    if family == "msvc" and studio_drives:
        return True
    if "/" in value or "\\" in value:
        return False
    if family == "msvc":
        return True
    return family == "clang-cl" and any(
        visual_studio.components is not None and visual_studio.has_clang
        for visual_studio in visual_studios[:1]
    )


def _program(system: System, value: str) -> str | None:
    """Find the program in a value that may be quoted, contain blanks or options."""
    whole = value.strip().strip('"')
    if system.is_file(whole):
        return whole
    try:
        words = shlex.split(value, posix=not system.windows)
    except ValueError:
        words = value.split()
    first = words[0].strip('"') if words else ""
    if system.is_file(first) or system.is_file(f"{first}.exe"):
        return first
    return system.find(first) if first and system.path.basename(first) == first else None


CHECK = Check(
    title="CC and CXX name a usable compiler",
    why="CMake's Ninja generators use CC, CXX and the CMAKE_CXX_COMPILER of CMAKE_ARGS as they "
    "are; a MinGW there (Strawberry Perl, MSYS2) builds DLLs with another C++ runtime than "
    "the TVM wheels. Visual Studio generators ignore CC and CXX, so that conda's cl.exe does no "
    "harm there.",
    source="CMake, environment variables CC and CXX; scikit-hep/cookie#710; "
    "abetlen/llama-cpp-python#1888",
    run=_run,
    waits=True,
    limit_s=90,  # as long as vswhere may take
)
