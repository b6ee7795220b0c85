"""Read from this machine what the choice of a generator depends on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.build.toolchain import Machine, VisualStudio, read_vswhere

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["read_machine"]

#: The compilers that build on, and for, the machines that Python runs on.
_VC_TOOLS: Final = (
    "Microsoft.VisualStudio.Component.VC.Tools.x86.x64",
    "Microsoft.VisualStudio.Component.VC.Tools.ARM64",
)


def read_machine(env: Mapping[str, str]) -> Machine:
    """Ask CMake and vswhere, on Windows alone: elsewhere nothing depends on them."""
    wanted = env.get("CMAKE_GENERATOR", "")
    if sys.platform != "win32" or wanted:
        return Machine(platform=sys.platform, wanted=wanted)
    return Machine(
        platform=sys.platform,
        cmake=_cmake_version(),
        visual_studios=_visual_studios(env),
        msvc_environment="VCINSTALLDIR" in env,
    )


def _cmake_version() -> tuple[int, int] | None:
    """Version of the CMake that scikit-build-core will take: it prefers the cmake package."""
    try:
        from cmake import CMAKE_BIN_DIR  # noqa: PLC0415 - only there in some environments

        program = os.fspath(Path(CMAKE_BIN_DIR) / "cmake")
    except ImportError:
        program = "cmake"
    match = re.search(rb"cmake version (\d+)\.(\d+)", _output([program, "--version"]))
    return (int(match[1]), int(match[2])) if match else None


def _visual_studios(env: Mapping[str, str]) -> tuple[VisualStudio, ...]:
    root = env.get("ProgramFiles(x86)") or env.get("ProgramFiles", "")
    vswhere = Path(root, "Microsoft Visual Studio", "Installer", "vswhere.exe")
    wanted = ["-products", "*", "-prerelease", "-requires", *_VC_TOOLS, "-requiresAny"]
    answer = _output([os.fspath(vswhere), *wanted, "-format", "json", "-utf8"])
    return read_vswhere(answer) if answer.strip() else ()


def _output(command: list[str]) -> bytes:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=60).stdout
    except (OSError, subprocess.TimeoutExpired):
        return b""
