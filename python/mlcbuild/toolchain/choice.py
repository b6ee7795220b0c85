"""Choose the generator, the compiler and its environment: a pure function of facts and overrides.

Only multi-config generators are used. On Windows a Visual Studio generator comes first, because it
needs no prepared environment; then ``Ninja Multi-Config`` inside MSVC's environment, which also
supports a Visual Studio newer than this CMake. A compiler of another family is used only where the
user names it, never because it is on PATH.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from mlcbuild.errors import UsageError
from mlcbuild.toolchain.compilers import Family, family_of
from mlcbuild.toolchain.decision import STUDIO, Choice, Vcvars, asked, ninja_or_error
from mlcbuild.toolchain.machine import NINJA, Machine, Prompt, architecture, visual_studio_generator
from mlcbuild.toolchain.overrides import Overrides
from mlcbuild.toolchain.visual_studio import (
    toolset_version,
    usable_visual_studios,
    vcvars_architecture,
)

if TYPE_CHECKING:
    from mlcbuild.toolchain.vswhere import VisualStudio

_INSTALL: Final = (
    "install the Build Tools for Visual Studio with the C++ workload, or a newer CMake "
    "(pip install -U cmake)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowsChoice:
    """MSVC or a compiler that needs its headers and libraries."""

    machine: Machine
    overrides: Overrides
    target: str
    family: Family | None
    usable: tuple[VisualStudio, ...]
    excuses: tuple[str, ...]

    def make(self) -> Choice:
        """Choose. Raises ``UsageError`` where there is nothing to choose from."""
        wanted = self.overrides.generator.value
        if STUDIO.match(wanted):
            return self._asked_visual_studio()
        if wanted:
            return self._ninja(ninja_or_error(self.overrides), asked(self.overrides))
        if self.family not in (None, "msvc"):
            reason = f"Visual Studio generators ignore {self._compiler_variable()}"
            return self._ninja(NINJA, reason)
        if (
            self.machine.prompt is not None
            and not self.overrides.toolset
            and not self.overrides.instance
        ):
            return self._ninja(NINJA, "inside a developer prompt")
        reasons = list(self.excuses)
        for visual_studio in self.usable:
            generator, since = visual_studio_generator(visual_studio.major)
            if not generator:
                reasons.append(f"{visual_studio.name} has no generator known here")
            elif self.machine.cmake is not None and not self.machine.cmake.knows(generator):
                reasons.append(f"{generator} needs CMake {since}, found {self._cmake_text()}")
            else:
                reasons.append(
                    f"newest Visual Studio that this CMake supports ({visual_studio.version})"
                )
                return self._visual_studio(generator, visual_studio, reasons)
        return self._ninja(NINJA, *reasons[len(self.excuses) :])

    def _asked_visual_studio(self) -> Choice:
        override = self.overrides.generator
        match = STUDIO.match(override.value)
        major = int(match[1]) if match else 0
        cmake = self.machine.cmake
        if cmake is not None and not cmake.knows(override.value):
            since = visual_studio_generator(major)[1]
            raise UsageError(
                f"{override.said} is not supported by CMake {cmake.text}",
                remedy=f'pip install -U "cmake>={since}"' if since else "correct or unset it",
            )
        fitting = [visual_studio for visual_studio in self.usable if visual_studio.major == major]
        if not fitting and self.machine.visual_studios is not None:
            installed = ", ".join(
                visual_studio.name for visual_studio in self.machine.visual_studios
            )
            raise UsageError(
                f"{override.said} is not installed with C++ compilers for {self.target}"
                + (f" (installed: {installed})" if installed else ""),
                remedy="unset it to use the installed one",
            )
        return self._visual_studio(
            override.value, fitting[0] if fitting else None, [asked(self.overrides)]
        )

    def _visual_studio(
        self, generator: str, visual_studio: VisualStudio | None, reasons: list[str]
    ) -> Choice:
        toolset = self.overrides.toolset.value
        clang = self.family == "clang-cl"
        if clang and not toolset:
            toolset = "ClangCL"
            reasons.append(f"{self._compiler_variable()} names clang-cl: that is toolset ClangCL")
        elif self.family not in (None, "msvc", "clang-cl"):
            raise UsageError(
                f"{self.overrides.generator.said} ignores {self._compiler_variable()}",
                remedy=f'unset one of them, or use "{NINJA}"',
            )
        clang = clang or toolset.casefold().startswith(("clangcl", "llvm"))
        if clang and visual_studio is not None and not visual_studio.has_clang_toolset:
            raise UsageError(
                f"{visual_studio.name} has no clang-cl toolset",
                remedy='add "MSBuild support for LLVM (clang-cl) toolset" with its installer',
            )
        if self.overrides.toolset:
            reasons.append(f"{self.overrides.toolset.said} requests the toolset")
        if visual_studio is not None and not visual_studio.has_sdk:
            reasons.append("it includes no Windows SDK: install one separately")
        return Choice(
            generator=generator,
            family="clang-cl" if clang else "msvc",
            platform="" if " Win64" in generator or " ARM" in generator else self.target,
            toolset=toolset,
            architecture=self.target,
            # This exact one: of two with the same major version CMake would use either.
            instance=f"{visual_studio.path.replace(chr(92), '/')},version={visual_studio.version}"
            if visual_studio is not None and visual_studio.path and visual_studio.major > 15  # noqa: PLR2004
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
                generator=generator,
                family=family,
                compiler=self._compiler(),
                architecture=self.target,
                in_prompt=True,
                reasons=(*said, tools),
            )
        if not self.usable:
            why = "; ".join(dict.fromkeys((*self.excuses, *reasons)))
            raise UsageError(
                "no Visual Studio C++ compiler that this CMake supports"
                + (f" ({why})" if why else ""),
                remedy=_INSTALL,
            )
        visual_studio = self.usable[0]
        asked = self.overrides.toolset.value
        version = toolset_version(asked, visual_studio)
        if asked.casefold().startswith("clangcl"):
            raise UsageError(
                f"{self.overrides.toolset.said} is a toolset of Visual Studio generators",
                remedy=f'with "{generator}" set CC and CXX to clang-cl',
            )
        arguments = [vcvars_architecture(visual_studio, host=self.machine.host, target=self.target)]
        if version:
            arguments.append(f"-vcvars_ver={version}")
        return Choice(
            generator=generator,
            family=family,
            compiler=self._compiler(),
            architecture=self.target,
            vcvars=Vcvars(script=visual_studio.vcvarsall, arguments=tuple(arguments)),
            reasons=(*self.excuses, *reasons, f"with the environment of {visual_studio.name}"),
        )

    def _compiler(self) -> str:
        """Name the compiler for Ninja, which would use the first on PATH, possibly MinGW's."""
        return "" if self.overrides.compiler else "cl"

    def _compiler_variable(self) -> str:
        return self.overrides.compiler.said.partition("=")[0]

    def _cmake_text(self) -> str:
        return self.machine.cmake.text if self.machine.cmake else ""


def choose(
    machine: Machine, overrides: Overrides | None = None, *, oldest: tuple[int, int] = (15, 0)
) -> Choice:
    """Choose for one machine. ``oldest`` is the first Visual Studio that can compile the sources.

    Raises ``UsageError`` where the user requests a single-config or missing generator, or where
    Windows has no usable compiler.
    """
    overrides = overrides or Overrides()
    if machine.platform != "win32":
        return _elsewhere(machine, overrides)
    target = architecture(overrides.platform.value) if overrides.platform else machine.target
    if overrides.file_decides:
        return Choice(
            generator=ninja_or_error(overrides) if overrides.generator else NINJA,
            family="file",
            reasons=("a CMake toolchain file names the compiler",),
        )
    family = family_of(overrides.compiler.value)
    if family in ("mingw", "zig") or (machine.mingw_python and not overrides.compiler):
        return _gnu(overrides, "mingw" if machine.mingw_python and not family else family)
    _require_fitting(machine.prompt, target)
    usable, excuses = usable_visual_studios(machine, overrides, target=target, oldest=oldest)
    choice = WindowsChoice(
        machine=machine,
        overrides=overrides,
        target=target,
        family=family,
        usable=usable,
        excuses=excuses,
    )
    return choice.make()


def _elsewhere(machine: Machine, overrides: Overrides) -> Choice:
    family: Literal["system", "file"] = "file" if overrides.file_decides else "system"
    if not overrides.generator:
        reason = f"{machine.platform} has no suitable IDE generator"
        return Choice(generator=NINJA, family=family, reasons=(reason,))
    if overrides.generator.value == "Xcode":
        return Choice(generator="Xcode", family=family, reasons=(asked(overrides),))
    return Choice(generator=ninja_or_error(overrides), family=family, reasons=(asked(overrides),))


def _gnu(overrides: Overrides, family: Family | None) -> Choice:
    said = overrides.compiler.said or "this Python is MinGW's own"
    return Choice(
        generator=ninja_or_error(overrides) if overrides.generator else NINJA,
        family=family or "mingw",
        reasons=(
            f"{said.partition('=')[0]} names {family or 'mingw'}"
            if overrides.compiler
            else "this Python is MinGW's own",
            "its C++ ABI is not MSVC's: the wheel can run models, not compile them",
        ),
    )


def _require_fitting(prompt: Prompt | None, target: str) -> None:
    if prompt is not None and prompt.target and prompt.target != target:
        raise UsageError(
            f"the developer prompt is for {prompt.target}, this Python is for {target}",
            remedy=f"open the Native Tools prompt for {target}, or an ordinary one",
        )
