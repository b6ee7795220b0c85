"""What was chosen, with its reasons, as the build and the stamp take it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mlcbuild.toolchain.compilers import Family

__all__ = ["Choice", "Vcvars"]


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
    #: CMAKE_C_COMPILER and CMAKE_CXX_COMPILER; empty: CMake's or the user's own.
    compiler: str = ""
    #: What MSVC or clang-cl compiles for: ``x64``, ``ARM64``, ``Win32``; empty: this machine's own.
    architecture: str = ""
    #: Set where MSVC's environment has to be captured.
    vcvars: Vcvars | None = None
    #: The environment is a developer prompt's already.
    in_prompt: bool = False
    #: Which Windows SDK a build on another system uses; empty on Windows itself.
    sdk: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def define(self) -> dict[str, str]:
        """The cache entries that make CMake follow the choice."""
        entries = {
            "CMAKE_GENERATOR": self.generator,
            "CMAKE_GENERATOR_PLATFORM": self.platform,
            "CMAKE_GENERATOR_TOOLSET": self.toolset,
            "CMAKE_GENERATOR_INSTANCE": self.instance,
            "CMAKE_C_COMPILER": self.compiler,
            "CMAKE_CXX_COMPILER": self.compiler,
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
                "sdk": self.sdk,
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
