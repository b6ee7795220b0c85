"""The files of the lab's Visual Studio: what vswhere says, its script, and the shell's halves."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Final

from mlcbuild.lab.wine import windows_path
from mlcbuild.toolchain.vswhere import CLANG, VC_TOOLS

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.llvm import Llvm
    from mlcbuild.sdk.windows_sdk import WindowsSdk

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
