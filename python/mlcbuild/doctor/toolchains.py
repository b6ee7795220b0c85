"""Shared by the toolchain checks: the build's own choice of toolchain, made through ``System``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlcbuild.builder.preflight import CMAKE
from mlcbuild.doctor.shell import command
from mlcbuild.errors import InputError, UsageError
from mlcbuild.msvc import OLDEST
from mlcbuild.toolchain.choice import choose
from mlcbuild.toolchain.machine import CMake, Machine, architecture, read_capabilities
from mlcbuild.toolchain.overrides import Overrides, read_overrides
from mlcbuild.toolchain.probe import ask_vswhere, read_prompt
from mlcbuild.toolchain.visual_studio import usable_visual_studios
from mlcbuild.toolchain.vswhere import VisualStudio, vswhere_path
from mlcbuild.versions import find_version

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System
    from mlcbuild.toolchain.decision import Choice


def _ask(system: System, command: list[str]) -> bytes | None:
    done = system.run(*command, limit_s=60)
    return None if done.code is None else done.out.encode()


def visual_studios(system: System) -> tuple[VisualStudio, ...] | None:
    """Return the installed Visual Studios; None where vswhere is absent.

    Raises ``InputError`` where vswhere's output is not a JSON list.
    """
    return ask_vswhere(system.environment(), lambda command: _ask(system, command))


def cmake_of(system: System) -> CMake | None:
    """Return the CMake on PATH as the build would see it; None where pip will install one."""
    try:
        return read_capabilities(system.ask("cmake", "-E", "capabilities").encode())
    except InputError:
        return _cmake_by_version(system)


def _cmake_by_version(system: System) -> CMake | None:
    version = find_version(system.ask("cmake", "--version"))
    return CMake(version=version) if version is not None and version >= CMAKE else None


def machine_of(system: System) -> Machine:
    """Return what the choice of a toolchain depends on. Raises like ``visual_studios``."""
    if not system.windows:
        return Machine(platform=system.platform)
    tag = system.python.platform
    return Machine(
        platform=system.platform,
        target=architecture(tag.removeprefix("mingw_")),
        host=architecture(system.machine),
        cmake=cmake_of(system),
        visual_studios=visual_studios(system),
        prompt=read_prompt(system.environment()),
        mingw_python=tag.startswith("mingw"),
    )


def overrides_of(system: System) -> Overrides:
    """Return the environment's overrides; an invalid CMAKE_ARGS counts as empty."""
    environment = dict(system.environment())
    try:
        return read_overrides(env=environment, text_of=system.text)
    except UsageError:  # an unpaired quotation mark: reported by the check cmake-variables
        environment.pop("CMAKE_ARGS", None)
        return read_overrides(env=environment, text_of=system.text)


def choice_of(system: System) -> Choice:
    """Return the toolchain a build would use here.

    Raises ``UsageError`` where that is impossible, ``InputError`` like ``visual_studios``.
    """
    return choose(machine_of(system), overrides_of(system), oldest=OLDEST)


def usable(system: System) -> tuple[tuple[VisualStudio, ...], tuple[str, ...]]:
    """Return the Visual Studios that can build, best first, and why the others cannot.

    CMAKE_GENERATOR_INSTANCE is ignored here; the check generator covers it. Raises like
    ``visual_studios``.
    """
    machine = machine_of(system)
    return usable_visual_studios(machine, Overrides(), target=machine.target, oldest=OLDEST)


def readable(system: System) -> tuple[VisualStudio, ...]:
    """Return the usable Visual Studios; none where vswhere fails, which the check msvc reports."""
    try:
        return usable(system)[0]
    except InputError:
        return ()


def visual_studio_setup(system: System, verb: str, visual_studio: VisualStudio, *words: str) -> str:
    """Return a command of the Visual Studio installer, which is installed next to vswhere.

    It opens its window with the components preselected. With --passive it would have to be started
    as administrator (Microsoft, Use command-line parameters to install Visual Studio).
    """
    folder = system.path.dirname(vswhere_path(system.environment()))
    program = system.join(folder, "setup.exe")
    return command(system, program, verb, "--installPath", visual_studio.path, *words)


def toolset_of(system: System, visual_studio: VisualStudio) -> tuple[int, ...] | None:
    """Return the toolset that an installation uses by default, ``(14, 44, 35207)``."""
    place = system.join(visual_studio.path, "VC", "Auxiliary", "Build")
    text = system.text(system.join(place, "Microsoft.VCToolsVersion.default.txt")) or ""
    match = re.match(r"\s*([\d.]+)", text)
    return tuple(int(part) for part in match[1].split(".") if part) if match else None
