"""The cross toolchain for Windows: clang-cl and lld-link with an SDK, and a Rust."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.platforms import by_machine
from mlcbuild.toolchain.cmake import NINJA
from mlcbuild.toolchain.decision import Choice
from mlcbuild.toolchain.machine import architecture

if TYPE_CHECKING:
    from mlcbuild.llvm import Llvm
    from mlcbuild.sdk.windows_sdk import WindowsSdk
    from mlcbuild.toolchain.rust import Rust

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
