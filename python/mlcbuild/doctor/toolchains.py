"""What the toolchain checks share: the build's own choice, asked through the doctor's door."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlcbuild.build.preflight import CMAKE
from mlcbuild.build.toolchain.choice import Choice, choose
from mlcbuild.build.toolchain.cmake import CMake, read_capabilities
from mlcbuild.build.toolchain.facts import Machine, architecture
from mlcbuild.build.toolchain.probe import ask_vswhere, read_prompt
from mlcbuild.build.toolchain.studios import usable_studios
from mlcbuild.build.toolchain.vswhere import vswhere_path
from mlcbuild.build.toolchain.wishes import Wishes, read_wishes
from mlcbuild.doctor.shell import command
from mlcbuild.doctor.versions import find_version
from mlcbuild.errors import InputError, UsageError

if TYPE_CHECKING:
    from mlcbuild.build.toolchain.vswhere import VisualStudio
    from mlcbuild.doctor.system import System

__all__ = [
    "OLDEST",
    "choice_of",
    "cmake_of",
    "machine_of",
    "studios",
    "toolset_of",
    "usable",
    "visual_studio_setup",
    "wishes_of",
]

#: The first Visual Studio whose compiler knows C++20, which TVM 0.26 is written in.
OLDEST: Final = (16, 11)


def _ask(system: System, command: list[str]) -> bytes | None:
    done = system.run(*command, limit_s=60)
    return None if done.code is None else done.out.encode()


def studios(system: System) -> tuple[VisualStudio, ...] | None:
    """Return the installed Visual Studios; None where vswhere is absent.

    Raises ``InputError`` where vswhere's answer is no list.
    """
    return ask_vswhere(system.environment(), lambda command: _ask(system, command))


def cmake_of(system: System) -> CMake | None:
    """Return the CMake on PATH as the build would see it; None where pip will bring one."""
    try:
        return read_capabilities(system.ask("cmake", "-E", "capabilities").encode())
    except InputError:
        return _cmake_by_version(system)


def _cmake_by_version(system: System) -> CMake | None:
    version = find_version(system.ask("cmake", "--version"))
    return CMake(version=version) if version is not None and version >= CMAKE else None


def machine_of(system: System) -> Machine:
    """Return what the build's choice of a toolchain depends on. Raises as ``studios`` does."""
    if not system.windows:
        return Machine(platform=system.platform)
    tag = system.python.platform
    return Machine(
        platform=system.platform,
        target=architecture(tag.removeprefix("mingw_")),
        host=architecture(system.machine),
        cmake=cmake_of(system),
        visual_studios=studios(system),
        prompt=read_prompt(system.environment()),
        mingw_python=tag.startswith("mingw"),
    )


def wishes_of(system: System) -> Wishes:
    """Return what the environment asks for; a CMAKE_ARGS that cannot be read asks for nothing."""
    environment = dict(system.environment())
    try:
        return read_wishes(env=environment, text_of=system.text)
    except UsageError:  # an unpaired quotation mark: the check cmake-variables says so
        environment.pop("CMAKE_ARGS", None)
        return read_wishes(env=environment, text_of=system.text)


def choice_of(system: System) -> Choice:
    """Return how a build here would be driven.

    Raises ``UsageError`` where that is impossible, ``InputError`` as ``studios`` does.
    """
    return choose(machine_of(system), wishes_of(system), oldest=OLDEST)


def usable(system: System) -> tuple[tuple[VisualStudio, ...], tuple[str, ...]]:
    """Return the Visual Studios that can build, best first, and why the others cannot.

    Whichever CMAKE_GENERATOR_INSTANCE names: the check generator looks at that. Raises as
    ``studios`` does.
    """
    machine = machine_of(system)
    return usable_studios(machine, Wishes(), target=machine.target, oldest=OLDEST)


def visual_studio_setup(system: System, verb: str, studio: VisualStudio, *words: str) -> str:
    """Return a command of the Visual Studio installer, which lies beside vswhere.

    It shows its window with what is asked for chosen. With --passive it would have to be started
    as administrator (Microsoft, Use command-line parameters to install Visual Studio).
    """
    folder = system.path.dirname(vswhere_path(system.environment()))
    program = system.join(folder, "setup.exe")
    return command(system, program, verb, "--installPath", studio.path, *words)


def toolset_of(system: System, studio: VisualStudio) -> tuple[int, ...] | None:
    """Return the toolset that an installation uses by default, ``(14, 44, 35207)``."""
    place = system.join(studio.path, "VC", "Auxiliary", "Build")
    text = system.text(system.join(place, "Microsoft.VCToolsVersion.default.txt")) or ""
    match = re.match(r"\s*([\d.]+)", text)
    return tuple(int(part) for part in match[1].split(".") if part) if match else None
