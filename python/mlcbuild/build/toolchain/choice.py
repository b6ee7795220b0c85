"""Choose the generator, the compiler and its environment: a pure function of facts and wishes.

Only generators with named configurations are offered. On Windows a Visual Studio generator comes
first, because it needs no prepared environment; then ``Ninja Multi-Config`` inside MSVC's
environment, which also drives a Visual Studio that this CMake is too old to know. A compiler of
another family is taken where the user names it and never because it lies on PATH.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from mlcbuild.build.toolchain.cmake import NINJA, studio_generator
from mlcbuild.build.toolchain.compilers import Family, family_of
from mlcbuild.build.toolchain.facts import architecture
from mlcbuild.build.toolchain.studios import (
    toolset_version,
    usable_studios,
    vcvars_architecture,
)
from mlcbuild.build.toolchain.wishes import Wishes
from mlcbuild.errors import UsageError

if TYPE_CHECKING:
    from mlcbuild.build.toolchain.facts import Machine, Prompt
    from mlcbuild.build.toolchain.vswhere import VisualStudio

__all__ = ["Choice", "Vcvars", "choose"]

#: Single-configuration generators with a twin that has named configurations.
_TWINS: Final = {"Ninja": NINJA}
_INSTALL: Final = (
    "install the Build Tools for Visual Studio with the C++ workload, or a newer CMake "
    "(pip install -U cmake)"
)
_STUDIO: Final = re.compile(r"Visual Studio (\d+)(?: \d{4})?(?: (Win64|ARM))?$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Vcvars:
    """The script that must run before CMake, with its arguments."""

    script: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """How the build is driven, and in words why. Reasons hold no path: they are stamped."""

    generator: str
    #: ``system`` outside Windows, ``file`` where a CMake toolchain file decides.
    family: Family | Literal["system", "file"] = "system"
    #: CMAKE_GENERATOR_PLATFORM, CMAKE_GENERATOR_TOOLSET, CMAKE_GENERATOR_INSTANCE; empty: unset.
    platform: str = ""
    toolset: str = ""
    instance: str = ""
    #: Set where MSVC's environment has to be captured.
    vcvars: Vcvars | None = None
    #: The environment is a developer prompt's already.
    in_prompt: bool = False
    reasons: tuple[str, ...] = ()

    @property
    def define(self) -> dict[str, str]:
        """The cache entries that make CMake follow the choice."""
        entries = {
            "CMAKE_GENERATOR": self.generator,
            "CMAKE_GENERATOR_PLATFORM": self.platform,
            "CMAKE_GENERATOR_TOOLSET": self.toolset,
            "CMAKE_GENERATOR_INSTANCE": self.instance,
        }
        return {name: value for name, value in entries.items() if value}

    @property
    def record(self) -> str:
        """As JSON, for the build's record and the stamp: no path in it."""
        return json.dumps(
            {
                "family": self.family,
                "platform": self.platform,
                "toolset": self.toolset,
                "vcvars": " ".join(self.vcvars.arguments) if self.vcvars else "",
                "reasons": self.reasons,
            },
            ensure_ascii=False,
        )

    @property
    def text(self) -> str:
        """One line for people."""
        with_ = [self.platform, self.toolset, *(self.vcvars.arguments if self.vcvars else ())]
        words = ", ".join(dict.fromkeys(word for word in with_ if word))
        return f"{self.generator}{f' ({words})' if words else ''}: {'; '.join(self.reasons)}"


def choose(
    machine: Machine, wishes: Wishes | None = None, *, oldest: tuple[int, int] = (15, 0)
) -> Choice:
    """Choose for one machine. ``oldest`` is the first Visual Studio that can compile the sources.

    Raises ``UsageError`` where the user wants what has no named configurations or is not there,
    or where Windows has no compiler that can be driven.
    """
    wishes = wishes or Wishes()
    if machine.platform != "win32":
        return _elsewhere(machine, wishes)
    target = architecture(wishes.platform.value) if wishes.platform else machine.target
    if wishes.toolchain_file:
        return Choice(
            generator=_ninja_or_error(wishes) if wishes.generator else NINJA,
            family="file",
            reasons=("a CMake toolchain file names the compiler",),
        )
    family = family_of(wishes.compiler.value)
    if family in ("mingw", "zig") or (machine.mingw_python and not wishes.compiler):
        return _gnu(wishes, "mingw" if machine.mingw_python and not family else family)
    _require_fitting(machine.prompt, target)
    usable, excuses = usable_studios(machine, wishes, target=target, oldest=oldest)
    choice = _Windows(
        machine=machine,
        wishes=wishes,
        target=target,
        family=family,
        usable=usable,
        excuses=excuses,
    )
    return choice.make()


def _elsewhere(machine: Machine, wishes: Wishes) -> Choice:
    family: Literal["system", "file"] = "file" if wishes.toolchain_file else "system"
    if not wishes.generator:
        reason = f"{machine.platform} has no IDE generator to fit"
        return Choice(generator=NINJA, family=family, reasons=(reason,))
    if wishes.generator.value == "Xcode":
        return Choice(generator="Xcode", family=family, reasons=(_asked(wishes),))
    return Choice(generator=_ninja_or_error(wishes), family=family, reasons=(_asked(wishes),))


def _asked(wishes: Wishes) -> str:
    twin = _TWINS.get(wishes.generator.value)
    if twin:
        return f"{wishes.generator.said} has one unnamed configuration; this is its twin"
    return f"{wishes.generator.said} asks for it"


def _ninja_or_error(wishes: Wishes) -> str:
    """Return Ninja's generator with configurations. Raises ``UsageError`` for any other wish."""
    wanted = wishes.generator
    in_words = wanted.said.startswith("-G")
    if wanted.value == NINJA or (wanted.value in _TWINS and not in_words):
        return NINJA
    # An option on CMake's command line cannot be replaced, only refused.
    raise UsageError(
        f"{wanted.said} has one unnamed configuration"
        if not _STUDIO.match(wanted.value)
        else f"{wanted.said} cannot drive this compiler",
        remedy=f'unset it, or use "{NINJA}"'
        + ("" if wishes.compiler else " or a Visual Studio generator"),
    )


def _gnu(wishes: Wishes, family: Family | None) -> Choice:
    said = wishes.compiler.said or "this Python is MinGW's own"
    return Choice(
        generator=_ninja_or_error(wishes) if wishes.generator else NINJA,
        family=family or "mingw",
        reasons=(
            f"{said.partition('=')[0]} names {family or 'mingw'}"
            if wishes.compiler
            else "this Python is MinGW's own",
            "its C++ does not mix with MSVC's: the wheel chats, it does not compile models",
        ),
    )


def _require_fitting(prompt: Prompt | None, target: str) -> None:
    if prompt is not None and prompt.target and prompt.target != target:
        raise UsageError(
            f"the developer prompt is for {prompt.target} and this Python is for {target}",
            remedy=f"open the Native Tools prompt for {target}, or an ordinary one",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Windows:
    """MSVC or a compiler that needs its headers and libraries."""

    machine: Machine
    wishes: Wishes
    target: str
    family: Family | None
    usable: tuple[VisualStudio, ...]
    excuses: tuple[str, ...]

    def make(self) -> Choice:
        wanted = self.wishes.generator.value
        if _STUDIO.match(wanted):
            return self._asked_studio()
        if wanted:
            return self._ninja(_ninja_or_error(self.wishes), _asked(self.wishes))
        if self.family not in (None, "msvc"):
            reason = f"Visual Studio generators do not look at {self._compiler_variable()}"
            return self._ninja(NINJA, reason)
        if self.machine.prompt is not None and not self.wishes.toolset and not self.wishes.instance:
            return self._ninja(NINJA, "inside a developer prompt")
        reasons = list(self.excuses)
        for studio in self.usable:
            generator, since = studio_generator(studio.major)
            if not generator:
                reasons.append(f"{studio.name} has no generator known here")
            elif self.machine.cmake is not None and not self.machine.cmake.knows(generator):
                reasons.append(f"{generator} needs CMake {since}, here is {self._cmake_text()}")
            else:
                reasons.append(f"newest Visual Studio that this CMake knows ({studio.version})")
                return self._studio(generator, studio, reasons)
        return self._ninja(NINJA, *reasons[len(self.excuses) :])

    def _asked_studio(self) -> Choice:
        wish = self.wishes.generator
        match = _STUDIO.match(wish.value)
        major = int(match[1]) if match else 0
        cmake = self.machine.cmake
        if cmake is not None and not cmake.knows(wish.value):
            since = studio_generator(major)[1]
            raise UsageError(
                f"{wish.said} is not known to CMake {cmake.text}",
                remedy=f'pip install -U "cmake>={since}"' if since else "correct or unset it",
            )
        fitting = [studio for studio in self.usable if studio.major == major]
        if not fitting and self.machine.visual_studios is not None:
            installed = ", ".join(studio.name for studio in self.machine.visual_studios)
            raise UsageError(
                f"{wish.said} is not installed with C++ compilers for {self.target}"
                + (f" (there is: {installed})" if installed else ""),
                remedy="unset it and the one that is there is taken",
            )
        return self._studio(wish.value, fitting[0] if fitting else None, [_asked(self.wishes)])

    def _studio(self, generator: str, studio: VisualStudio | None, reasons: list[str]) -> Choice:
        toolset = self.wishes.toolset.value
        clang = self.family == "clang-cl"
        if clang and not toolset:
            toolset = "ClangCL"
            reasons.append(f"{self._compiler_variable()} names clang-cl: that is toolset ClangCL")
        elif self.family not in (None, "msvc", "clang-cl"):
            raise UsageError(
                f"{self.wishes.generator.said} does not look at {self._compiler_variable()}",
                remedy=f'unset one of them, or use "{NINJA}"',
            )
        clang = clang or toolset.casefold().startswith(("clangcl", "llvm"))
        if clang and studio is not None and not studio.has_clang_toolset:
            raise UsageError(
                f"{studio.name} has no clang-cl toolset",
                remedy='add "MSBuild support for LLVM (clang-cl) toolset" with its installer',
            )
        if self.wishes.toolset:
            reasons.append(f"{self.wishes.toolset.said} asks for the toolset")
        if studio is not None and not studio.has_sdk:
            reasons.append("no Windows SDK came with it: one must be installed apart")
        return Choice(
            generator=generator,
            family="clang-cl" if clang else "msvc",
            platform="" if " Win64" in generator or " ARM" in generator else self.target,
            toolset=toolset,
            # The very one: of two of a major version CMake would take either.
            instance=f"{studio.path.replace(chr(92), '/')},version={studio.version}"
            if studio is not None and studio.path and studio.major > 15  # noqa: PLR2004
            else "",
            reasons=tuple(reasons),
        )

    def _ninja(self, generator: str, *reasons: str) -> Choice:
        family = self.family or "msvc"
        prompt = self.machine.prompt
        if prompt is not None:
            tools = f"its MSVC {prompt.tools}" if prompt.tools else "its compiler"
            said = reasons if "inside a developer prompt" in reasons else (
                *reasons, "inside a developer prompt")  # fmt: skip
            return Choice(
                generator=generator, family=family, in_prompt=True, reasons=(*said, tools)
            )
        if not self.usable:
            why = "; ".join(dict.fromkeys((*self.excuses, *reasons)))
            raise UsageError(
                "no Visual Studio C++ compiler that this CMake can drive"
                + (f" ({why})" if why else ""),
                remedy=_INSTALL,
            )
        studio = self.usable[0]
        asked = self.wishes.toolset.value
        version = toolset_version(asked, studio)
        if asked.casefold().startswith("clangcl"):
            raise UsageError(
                f"{self.wishes.toolset.said} is a toolset of Visual Studio generators",
                remedy=f'with "{generator}" set CC and CXX to clang-cl',
            )
        arguments = [vcvars_architecture(studio, host=self.machine.host, target=self.target)]
        if version:
            arguments.append(f"-vcvars_ver={version}")
        return Choice(
            generator=generator,
            family=family,
            vcvars=Vcvars(script=studio.vcvarsall, arguments=tuple(arguments)),
            reasons=(*self.excuses, *reasons, f"with the environment of {studio.name}"),
        )

    def _compiler_variable(self) -> str:
        return self.wishes.compiler.said.partition("=")[0]

    def _cmake_text(self) -> str:
        return self.machine.cmake.text if self.machine.cmake else ""
