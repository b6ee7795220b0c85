"""Choose the CMake generator: a pure function of what the machine has.

Only generators with named configurations are offered: Visual Studio on Windows, ``Ninja
Multi-Config`` elsewhere. Capturing the MSVC environment for Ninja is not done here: on Windows
Ninja is chosen only inside a developer prompt.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from mlcbuild.errors import InputError, UsageError

__all__ = ["NINJA", "Choice", "Machine", "VisualStudio", "choose", "read_vswhere"]

NINJA: Final = "Ninja Multi-Config"

#: Major version -> generator, and the first CMake that knows it (CMake's release notes).
_VISUAL_STUDIO: Final = {
    18: ("Visual Studio 18 2026", (4, 2)),
    17: ("Visual Studio 17 2022", (3, 21)),
    16: ("Visual Studio 16 2019", (3, 14)),
}

#: Single-configuration generators with a twin that has named configurations.
_TWINS: Final = {"Ninja": NINJA}


@dataclass(frozen=True, kw_only=True, slots=True)
class VisualStudio:
    """One installation with the C++ tools: major version and vswhere's full version."""

    major: int
    version: str
    prerelease: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """What the choice depends on."""

    #: ``sys.platform``.
    platform: str
    #: The CMake that will run; None where a new one will be installed for the build.
    cmake: tuple[int, int] | None = None
    #: CMAKE_GENERATOR of the environment.
    wanted: str = ""
    visual_studios: tuple[VisualStudio, ...] = ()
    #: Inside a developer prompt: the MSVC environment is set.
    msvc_environment: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The generator, and in words why."""

    generator: str
    reasons: tuple[str, ...]


def choose(machine: Machine) -> Choice:
    """Choose a generator.

    Raises ``UsageError`` where the user wants one without named configurations, or where Windows
    has no compiler that this CMake can drive.
    """
    if machine.wanted:
        return _wanted(machine.wanted)
    if machine.platform != "win32":
        return Choice(generator=NINJA, reasons=(f"{machine.platform} has no IDE generator to fit",))
    reasons = []
    for studio in sorted(machine.visual_studios, key=_stable_and_new, reverse=True):
        generator, since = _VISUAL_STUDIO.get(studio.major, ("", (0, 0)))
        if not generator:
            reasons.append(f"Visual Studio {studio.version} has no generator known here")
        elif machine.cmake is not None and machine.cmake < since:
            reasons.append(
                f"{generator} needs CMake {since[0]}.{since[1]}, here is "
                f"{machine.cmake[0]}.{machine.cmake[1]}"
            )
        else:
            reasons.append(f"newest Visual Studio that this CMake knows ({studio.version})")
            return Choice(generator=generator, reasons=tuple(reasons))
    if machine.msvc_environment:
        reasons.append("inside a developer prompt")
        return Choice(generator=NINJA, reasons=tuple(reasons))
    raise UsageError(
        "no Visual Studio C++ compiler that this CMake can drive"
        + (f" ({'; '.join(reasons)})" if reasons else ""),
        remedy="install the Build Tools for Visual Studio with the C++ workload, or a newer CMake "
        "(pip install -U cmake)",
    )


def _stable_and_new(studio: VisualStudio) -> tuple[bool, int]:
    return (not studio.prerelease, studio.major)


def _wanted(wanted: str) -> Choice:
    twin = _TWINS.get(wanted)
    if twin:
        reason = f"CMAKE_GENERATOR={wanted} has one unnamed configuration; this is its twin"
        return Choice(generator=twin, reasons=(reason,))
    if wanted in (NINJA, "Xcode") or wanted.startswith("Visual Studio "):
        return Choice(generator=wanted, reasons=("CMAKE_GENERATOR asks for it",))
    raise UsageError(
        f"CMAKE_GENERATOR={wanted} has one unnamed configuration",
        remedy=f'unset it, or use "{NINJA}" or a Visual Studio generator',
    )


def read_vswhere(data: bytes) -> tuple[VisualStudio, ...]:
    """Parse ``vswhere -format json -utf8``. Raises ``InputError`` where it is no such list."""
    try:
        return tuple(
            VisualStudio(
                major=int(entry["installationVersion"].split(".")[0]),
                version=entry["installationVersion"],
                prerelease=entry.get("isPrerelease", False),
            )
            for entry in json.loads(data.decode("utf-8-sig"))
            if entry.get("isComplete", True)
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"vswhere's answer cannot be read ({error})",
            remedy="repair Visual Studio with its installer",
        ) from error
