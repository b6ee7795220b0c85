"""A simulated Visual Studio for builds in the lab: recorded answers, and this machine's clang-cl.

vswhere reports one installation, whose ``vcvarsall.bat`` sets the same variables as Microsoft's.
The compiler on its PATH is this machine's clang-cl with a Windows SDK of this machine; Cargo and
Git are this machine's too. Everything else is what runs on a user's Windows.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError
from mlcbuild.lab.hosttools import host_tools
from mlcbuild.lab.wine import windows_path
from mlcbuild.platforms import WINDOWS_AMD64
from mlcbuild.programs import ask
from mlcbuild.sources.cache import stage_folder
from mlcbuild.toolchain.rust import choose_rust, read_rusts
from mlcbuild.toolchain.vswhere import CLANG, VC_TOOLS

if TYPE_CHECKING:
    from mlcbuild.lab.lab import Lab
    from mlcbuild.llvm import Llvm
    from mlcbuild.sdk.windows_sdk import WindowsSdk
    from mlcbuild.toolchain.decision import ClangCl

#: The programs that come with Visual Studio's clang-cl.
LLVM: Final = ("clang-cl", "lld-link", "llvm-lib", "llvm-rc", "llvm-mt")
_VERSION: Final = "17.14.36301.6"
_COMPONENTS: Final = (
    VC_TOOLS["x64"],
    CLANG,
    "Microsoft.VisualStudio.Component.Windows11SDK.26100",
)


def vswhere_answer(path: str) -> str:
    """Return what vswhere prints of one installation in ``path``."""
    entry = {
        "installationPath": path,
        "installationVersion": _VERSION,
        "productId": "Microsoft.VisualStudio.Product.BuildTools",
        "isComplete": True,
        "packages": [{"id": name} for name in _COMPONENTS],
    }
    return json.dumps([entry])


def vcvarsall(sdk: WindowsSdk, tools: Path) -> str:
    """Return ``vcvarsall.bat`` over an SDK of this machine, with ``tools`` on PATH."""
    major, minor = sdk.toolset
    variables = {
        "INCLUDE": ";".join(map(windows_path, sdk.includes)),
        "LIB": ";".join(map(windows_path, sdk.libraries)),
        "PATH": f"{windows_path(tools)};%PATH%",
        "VCINSTALLDIR": "%~dp0..\\..\\",
        "VCToolsVersion": f"{major}.{minor}.35207",
        "VSCMD_ARG_TGT_ARCH": "%1",
    }
    lines = [f'set "{name}={value}"' for name, value in variables.items()]
    return "\r\n".join(["@echo off", *lines, ""])


def linux_halves(llvm: Llvm, sdk: WindowsSdk) -> dict[str, str]:
    """Return the shell scripts that the programs of Windows run: by name."""
    programs = (llvm.clang_cl, llvm.lld_link, llvm.llvm_lib, llvm.llvm_rc, llvm.llvm_mt)
    words = {name: [program] for name, program in zip(LLVM, programs, strict=True)}
    # On Windows it asks the installation's cl.exe what it is.
    words["clang-cl"].append(f"-fms-compatibility-version=19.{sdk.toolset[1]}")
    halves = {
        name: f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n' for name, command in words.items()
    }
    return {**halves, "vswhere": '#!/bin/sh\nexec cat "${0%/*}/vswhere.json"\n'}


_TARGET: Final = WINDOWS_AMD64.triple
#: Where Windows keeps 32-bit programs. Wine sets it for whatever is started from outside.
_PROGRAMS: Final = "ProgramFiles(x86)"
_INSIDE: Final = (
    "import os, runpy, sys; sys.path[:1] == [''] and sys.path.pop(0); "
    f"os.environ[{_PROGRAMS!r}] = sys.argv.pop(1); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class VisualStudioStandIn:
    """One installation in the lab, created on first use."""

    lab: Lab
    clang_cl: ClangCl

    def command(self, module: str, *words: str) -> list[str]:
        """Return what runs a module of Python where the installation is found."""
        programs = windows_path(self._folder() / "programs")
        return ["python", "-c", _INSIDE, programs, module, *words]

    def variables(self) -> Mapping[str, str]:
        """Return the variables with which a user selects clang-cl: for ``lab.run(env=...)``."""
        suffix = _TARGET.replace("-", "_")
        rust, folder = _rust()
        return {
            "CC": "clang-cl",
            "CXX": "clang-cl",
            # For C in crates: Cargo of Linux does not find a compiler of Windows by itself.
            f"CC_{suffix}": "clang-cl",
            f"CXX_{suffix}": "clang-cl",
            f"AR_{suffix}": "llvm-lib",
            **rust,
            "WINEPATH": windows_path(host_tools(self.lab, ("cargo", "rustc", "git"))),
            "HOSTTOOL_HOME": os.fspath(Path.home()),
            "HOSTTOOL_PATH": f"{self._folder() / 'linux'}:{folder}",
            # CMake tries a compiler with the debug runtime, which the free SDK has not.
            "SKBUILD_CMAKE_DEFINE": "CMAKE_TRY_COMPILE_CONFIGURATION=Release",
        }

    def _folder(self) -> Path:
        sdk = self.clang_cl.sdk
        files = {
            **linux_halves(self.clang_cl.llvm, sdk),
            "vcvarsall.bat": vcvarsall(sdk, host_tools(self.lab, LLVM)),
        }
        name = hashlib.sha256(repr((files, self._vswhere().parent)).encode()).hexdigest()[:12]
        folder = self.lab.root / "visual-studios" / name

        def make(aside: Path) -> None:
            vswhere = aside / "programs" / "Microsoft Visual Studio" / "Installer" / "vswhere.exe"
            script = aside / "installed" / "VC" / "Auxiliary" / "Build" / "vcvarsall.bat"
            for place in (vswhere, script):
                place.parent.mkdir(parents=True)
            vswhere.symlink_to(self._vswhere())
            (aside / "linux").mkdir()
            for name, text in files.items():
                place = script if name == script.name else aside / "linux" / name
                place.write_text(text, encoding="utf-8")
                place.chmod(0o755)
            answer = vswhere_answer(windows_path(folder / "installed"))
            (aside / "linux" / "vswhere.json").write_text(answer, encoding="utf-8")

        stage_folder(folder, make)
        return folder

    def _vswhere(self) -> Path:
        return host_tools(self.lab, ("vswhere",)) / "vswhere.exe"


def _rust() -> tuple[Mapping[str, str], str]:
    """Return the variables of a Rust that makes libraries for Windows, and its programs' folder.

    The real programs: rustup's own look for their settings in a home folder of Windows.
    """
    cargo_home = os.environ.get("CARGO_HOME") or Path.home() / ".cargo"
    home = {"CARGO_HOME": windows_path(Path(cargo_home))}
    try:
        rust = choose_rust(read_rusts(os.environ, _TARGET), target=_TARGET, oldest=())
    except FailedError:  # a project without crates asks for none, and others are told by Cargo
        return home, ""
    root = ask([rust.rustc, "--print", "sysroot"])
    folder = os.fsdecode(root.stdout).strip() if root else ""
    others = {k: v for k, v in rust.environment.items() if k not in ("CARGO", "RUSTC")}
    return {**home, **others}, f"{folder}/bin"
