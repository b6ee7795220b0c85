"""The choice on Windows for MSVC, and for compilers that need its headers and libraries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import UsageError
from mlcbuild.toolchain.cmake import NINJA, visual_studio_generator
from mlcbuild.toolchain.decision import STUDIO, Choice, Vcvars, asked, ninja_or_error
from mlcbuild.toolchain.visual_studio import toolset_version, vcvars_architecture

if TYPE_CHECKING:
    from mlcbuild.toolchain.compilers import Family
    from mlcbuild.toolchain.machine import Machine
    from mlcbuild.toolchain.overrides import Overrides
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
