"""The chosen toolchain with its reasons, for the build and the stamp.

A requested generator is accepted, replaced by its multi-config equivalent, or refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from mlcbuild.errors import UsageError
from mlcbuild.platforms import by_machine
from mlcbuild.toolchain.machine import NINJA, architecture

if TYPE_CHECKING:
    from mlcbuild.llvm import Llvm
    from mlcbuild.sdk.windows_sdk import WindowsSdk
    from mlcbuild.toolchain.compilers import Family
    from mlcbuild.toolchain.overrides import Overrides
    from mlcbuild.toolchain.rust import Rust


@dataclass(frozen=True, kw_only=True, slots=True)
class Vcvars:
    """The script that must run before CMake, with its arguments."""

    script: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The toolchain of a build and the reasons. Reasons contain no path: they are stamped."""

    generator: str
    #: ``system`` outside Windows, ``file`` where a CMake toolchain file decides.
    family: Family | Literal["system", "file"] = "system"
    #: CMAKE_GENERATOR_PLATFORM, CMAKE_GENERATOR_TOOLSET, CMAKE_GENERATOR_INSTANCE; empty: unset.
    platform: str = ""
    toolset: str = ""
    instance: str = ""
    #: CMAKE_C_COMPILER and CMAKE_CXX_COMPILER; empty: CMake's or the user's own.
    compiler: str = ""
    #: Target of MSVC or clang-cl: ``x64``, ``ARM64``, ``Win32``; empty: this machine.
    architecture: str = ""
    #: Set where MSVC's environment must be captured.
    vcvars: Vcvars | None = None
    #: Whether the environment is already a developer prompt's.
    in_prompt: bool = False
    #: Which Windows SDK a build on another system uses; empty on Windows itself.
    sdk: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def define(self) -> dict[str, str]:
        """The cache entries that make CMake use the choice."""
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
        """The choice as JSON, for the build's record and the stamp; without paths."""
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
        """One line of text."""
        with_ = [self.platform, self.toolset, *(self.vcvars.arguments if self.vcvars else ())]
        words = ", ".join(dict.fromkeys(word for word in with_ if word))
        return f"{self.generator}{f' ({words})' if words else ''}: {'; '.join(self.reasons)}"


#: Single-config generators with a multi-config equivalent.
_TWINS: Final = {"Ninja": NINJA}
#: Any Visual Studio generator; a trailing platform is the old spelling of ``-A``.
STUDIO: Final = re.compile(r"Visual Studio (\d+)(?: \d{4})?(?: (Win64|ARM))?$")


def asked(overrides: Overrides) -> str:
    """Return the reason for a generator override."""
    twin = _TWINS.get(overrides.generator.value)
    if twin:
        return f"{overrides.generator.said} is single-config; this is its multi-config equivalent"
    return f"{overrides.generator.said} requests it"


def ninja_or_error(overrides: Overrides) -> str:
    """Return Ninja's multi-config generator. Raises ``UsageError`` where another is requested."""
    wanted = overrides.generator
    in_words = wanted.said.startswith("-G")
    if wanted.value == NINJA or (wanted.value in _TWINS and not in_words):
        return NINJA
    # An option on CMake's command line cannot be replaced, only rejected.
    raise UsageError(
        f"{wanted.said} is a single-config generator"
        if not STUDIO.match(wanted.value)
        else f"{wanted.said} cannot drive this compiler",
        remedy=f'unset it, or use "{NINJA}"'
        + ("" if overrides.compiler else " or a Visual Studio generator"),
    )


TOOLCHAIN_FILE: Final = Path(__file__).resolve().parents[1] / "cmake" / "clang-cl.cmake"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClangCl:
    """The compiler and the SDK, and ``rust`` if crates are compiled too."""

    llvm: Llvm
    sdk: WindowsSdk
    rust: Rust | None = None

    @property
    def choice(self) -> Choice:
        """The choice as printed and stamped, without paths."""
        major, minor = self.sdk.toolset
        reasons = [
            f"clang-cl {self.llvm.text} for {by_machine(self.sdk.machine).triple}",
            f"the {self.sdk.label} Windows SDK, C++ library {major}.{minor}",
        ]
        if self.rust is not None:
            reasons.append(self.rust.reason)
        return Choice(
            generator=NINJA,
            family="clang-cl",
            architecture=architecture(self.sdk.machine),
            sdk=self.sdk.label,
            reasons=tuple(reasons),
        )

    @property
    def define(self) -> dict[str, str]:
        """The cache entries that make CMake use the choice."""
        llvm = self.llvm
        tools = (llvm.clang_cl, llvm.lld_link, llvm.llvm_lib, llvm.llvm_rc, llvm.llvm_mt)
        return {
            "CMAKE_TOOLCHAIN_FILE": TOOLCHAIN_FILE.as_posix(),
            "MLCBUILD_WINDOWS_MACHINE": self.sdk.machine,
            "MLCBUILD_LLVM": ";".join(tools),
            "MLCBUILD_SDK": self.sdk.folder.as_posix(),
            "MLCBUILD_SDK_INCLUDES": ";".join(path.as_posix() for path in self.sdk.includes),
            "MLCBUILD_SDK_LIBRARIES": ";".join(path.as_posix() for path in self.sdk.libraries),
            "MLCBUILD_MSC_VERSION": f"19.{self.sdk.toolset[1]}",
            **(self.rust.define if self.rust is not None else {}),
        }

    @property
    def environment(self) -> dict[str, str]:
        """The variables for every Cargo command."""
        return {} if self.rust is None else self.rust.environment
