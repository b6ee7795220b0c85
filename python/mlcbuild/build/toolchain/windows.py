"""The choice on Windows for MSVC, and for compilers that need its headers and libraries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlcbuild.build.toolchain.cmake import NINJA, studio_generator
from mlcbuild.build.toolchain.decision import Choice, Vcvars
from mlcbuild.build.toolchain.generators import STUDIO, asked, ninja_or_error
from mlcbuild.build.toolchain.studios import toolset_version, vcvars_architecture
from mlcbuild.errors import UsageError

if TYPE_CHECKING:
    from mlcbuild.build.toolchain.compilers import Family
    from mlcbuild.build.toolchain.facts import Machine
    from mlcbuild.build.toolchain.vswhere import VisualStudio
    from mlcbuild.build.toolchain.wishes import Wishes

__all__ = ["WindowsChoice"]

_INSTALL: Final = (
    "install the Build Tools for Visual Studio with the C++ workload, or a newer CMake "
    "(pip install -U cmake)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowsChoice:
    """MSVC or a compiler that needs its headers and libraries."""

    machine: Machine
    wishes: Wishes
    target: str
    family: Family | None
    usable: tuple[VisualStudio, ...]
    excuses: tuple[str, ...]

    def make(self) -> Choice:
        """Choose. Raises ``UsageError`` where there is nothing to choose from."""
        wanted = self.wishes.generator.value
        if STUDIO.match(wanted):
            return self._asked_studio()
        if wanted:
            return self._ninja(ninja_or_error(self.wishes), asked(self.wishes))
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
        match = STUDIO.match(wish.value)
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
        return self._studio(wish.value, fitting[0] if fitting else None, [asked(self.wishes)])

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
            architecture=self.target,
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
            compiler=self._compiler(),
            architecture=self.target,
            vcvars=Vcvars(script=studio.vcvarsall, arguments=tuple(arguments)),
            reasons=(*self.excuses, *reasons, f"with the environment of {studio.name}"),
        )

    def _compiler(self) -> str:
        """Name the compiler to Ninja, which takes the first on PATH: that may be a MinGW's."""
        return "" if self.wishes.compiler else "cl"

    def _compiler_variable(self) -> str:
        return self.wishes.compiler.said.partition("=")[0]

    def _cmake_text(self) -> str:
        return self.machine.cmake.text if self.machine.cmake else ""
