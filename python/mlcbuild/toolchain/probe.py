"""Read the facts on which the choice of a toolchain depends from this machine."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from mlcbuild import programs
from mlcbuild.errors import InputError
from mlcbuild.platforms import WINDOWS_AMD64
from mlcbuild.toolchain.machine import CMake, Machine, Prompt, architecture, read_capabilities
from mlcbuild.toolchain.vswhere import VisualStudio, read_vswhere, vswhere_arguments, vswhere_path

if TYPE_CHECKING:
    #: Returns a program's standard output, None where it cannot be started; tests replace it.
    Ask: TypeAlias = Callable[[list[str]], bytes | None]


def read_machine(
    env: Mapping[str, str], *, platform: str = sys.platform, tag: str = "", ask: Ask | None = None
) -> Machine:
    """Query CMake and vswhere, only on Windows: elsewhere nothing depends on them.

    ``tag`` is ``sysconfig.get_platform()`` and ``ask`` runs a program; tests replace both.
    """
    if platform != "win32":
        return Machine(platform=platform)
    tag = tag or sysconfig.get_platform()
    ask = ask or _output
    prompt = read_prompt(env)
    # cibuildwheel and scikit-build-core set this variable for a target other than Python's own.
    named = "" if prompt else env.get("VSCMD_ARG_TGT_ARCH", "")
    host = env.get("PROCESSOR_ARCHITEW6432") or env.get(
        "PROCESSOR_ARCHITECTURE", WINDOWS_AMD64.processor
    )
    return Machine(
        platform=platform,
        target=architecture(named or tag.removeprefix("mingw_")),
        host=architecture(host),
        cmake=ask_cmake(ask),
        visual_studios=ask_vswhere(env, ask),
        prompt=prompt,
        mingw_python=tag.startswith("mingw"),
    )


def read_prompt(env: Mapping[str, str]) -> Prompt | None:
    """Return the developer prompt of this environment, if it is one."""
    folded = {name.upper(): value for name, value in env.items()}
    if not folded.get("VCINSTALLDIR"):
        return None
    target = folded.get("VSCMD_ARG_TGT_ARCH", "")
    return Prompt(
        target=architecture(target) if target else "", tools=folded.get("VCTOOLSVERSION", "")
    )


def ask_cmake(ask: Ask | None = None) -> CMake | None:
    """Query the CMake that scikit-build-core will use: it prefers the cmake package."""
    ask = ask or _output
    try:
        from cmake import CMAKE_BIN_DIR  # noqa: PLC0415 - only there in some environments

        program = os.fspath(Path(CMAKE_BIN_DIR) / "cmake")
    except ImportError:
        program = "cmake"
    try:
        return read_capabilities(ask([program, "-E", "capabilities"]) or b"")
    except InputError:
        match = re.search(rb"cmake version (\d+)\.(\d+)", ask([program, "--version"]) or b"")
        return CMake(version=(int(match[1]), int(match[2]))) if match else None


def ask_vswhere(env: Mapping[str, str], ask: Ask | None = None) -> tuple[VisualStudio, ...] | None:
    """Query vswhere, a second time with its oldest options if needed; None without it."""
    ask = ask or _output
    program = vswhere_path(env)
    answer = ask([program, *vswhere_arguments()])
    if answer is not None and b"[" not in answer[:8]:
        answer = ask([program, *vswhere_arguments(packages=False)])
    if answer is None:
        return None
    return read_vswhere(answer) if answer.strip() else ()


def _output(command: list[str]) -> bytes | None:
    done = programs.ask(command, limit_s=120)
    return None if done is None else done.stdout
