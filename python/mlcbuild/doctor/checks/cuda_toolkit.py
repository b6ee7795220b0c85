"""``cuda-toolkit``: the CUDA toolkit takes the host compiler that is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlcbuild.build.toolchain.cmake import NINJA
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.model import Check, Outcome, ok, skip, warn
from mlcbuild.doctor.shell import set_variables, unset
from mlcbuild.doctor.toolchains import choice_of, toolset_of, usable
from mlcbuild.doctor.versions import dotted, find_version
from mlcbuild.errors import InputError, UsageError

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]

#: ``_MSC_VER`` of toolset 14.44 is 1944 (Microsoft, predefined macros).
_MSC_VER_BASE: Final = 500
_WINDOW: Final = re.compile(r"_MSC_VER\s*<\s*(\d+)\s*\|\|\s*_MSC_VER\s*>=\s*(\d+)")
_GNU: Final = re.compile(r"__GNUC__\s*>\s*(\d+)")


def _run(system: System) -> Outcome:
    root = system.variable("CUDA_PATH") or system.variable("CUDA_HOME")
    variable = "CUDA_PATH" if system.variable("CUDA_PATH") else "CUDA_HOME"
    nvcc = system.find("nvcc")
    if root and not system.is_folder(root):
        return warn(
            f"{variable}={root} names a CUDA toolkit that is gone",
            evidence=(f"{variable}={root}",),
            fix=unset(system, variable),
        )
    if not root and nvcc is None:
        return skip("no CUDA toolkit: only device=cuda needs one")
    root = root or system.path.dirname(system.path.dirname(str(nvcc)))
    own = system.join(root, "bin", "nvcc.exe" if system.windows else "nvcc")
    program = own if system.is_file(own) else nvcc
    if program is None:
        return warn(
            f"{root} has no nvcc: it is the runtime alone",
            evidence=(f"{variable}={root}",),
            fix=install(system, "cuda"),
        )
    match = re.search(r"release (\d+\.\d+)", system.run(program, "--version").out)
    version = match[1] if match else "unknown"
    evidence = [f"{program} CUDA {version}"]
    header = system.text(system.join(root, "include", "crt", "host_config.h")) or ""
    problem = _msvc_window(system, header) if system.windows else _gnu_window(system, header)
    if problem:
        return warn(
            f"CUDA {version} refuses {problem[0]}", evidence=[*evidence, problem[1]], fix=problem[2]
        )
    missing = _integration(system, version) if system.windows else ""
    if missing:
        return warn(
            f"Visual Studio has no build files of CUDA {version}: its generator says "
            '"No CUDA toolset found"; Ninja needs none',
            evidence=[*evidence, missing],
            fix=set_variables(system, CMAKE_GENERATOR=NINJA),
        )
    return ok(f"CUDA {version}", evidence=evidence)


def _integration(system: System, version: str) -> str:
    """Return the file that Visual Studio lacks to drive nvcc; empty where it needs or lacks none.

    CUDA's installer copies it where it finds a Visual Studio: one that came later has none.
    """
    try:
        choice = choice_of(system)
        studios = usable(system)[0]
    except (InputError, UsageError):
        return ""
    if not choice.generator.startswith("Visual Studio") or not studios:
        return ""
    place = choice.instance.partition(",")[0].replace("/", "\\")
    studio = next((s for s in studios if s.path == place), studios[0])
    version_folder = {16: "v160", 17: "v170", 18: "v180"}.get(studio.major)
    folder = system.join(studio.path, "MSBuild", "Microsoft", "VC", str(version_folder))
    name = f"CUDA {version}.props"
    path = system.join(folder, "BuildCustomizations", name)
    # The folder comes with the compilers: without it nothing is known.
    known = system.is_folder(system.path.dirname(path))
    return f"{path} is missing" if known and not system.is_file(path) else ""


def _msvc_window(system: System, header: str) -> tuple[str, str, str] | None:
    """Compare the toolkit's own test with the toolset; None where it fits or nothing is known."""
    window = _WINDOW.search(header)
    try:
        studios = usable(system)[0]
    except InputError:
        return None
    toolset = toolset_of(system, studios[0]) if studios else None
    if window is None or toolset is None:
        return None
    number = toolset[0] * 100 + toolset[1] + _MSC_VER_BASE
    lowest, highest = int(window[1]), int(window[2])
    if lowest <= number < highest:
        return None
    newest = highest - 1 - _MSC_VER_BASE
    text = f"{newest // 100}.{newest % 100}"
    return (
        f"MSVC's toolset {toolset[0]}.{toolset[1]}: it takes those up to {text}",
        f"host_config.h: _MSC_VER {lowest} to {highest - 1}; {studios[0].name} has {number}",
        install(system, "cuda"),
    )


def _gnu_window(system: System, header: str) -> tuple[str, str, str] | None:
    window = _GNU.search(header)
    version = find_version(system.ask("g++", "--version"))
    if window is None or version is None or version[0] <= int(window[1]):
        return None
    newest = int(window[1])
    return (
        f"GCC {dotted(version)}: it takes those up to {newest}",
        f"host_config.h: __GNUC__ up to {newest}",
        install(
            system,
            "c++",
            apt=f"g++-{newest}",
            dnf=f"gcc-toolset-{newest}",
            pacman=f"gcc{newest}",
            zypper=f"gcc{newest}-c++",
        ),
    )


CHECK = Check(
    id="cuda-toolkit",
    title="The CUDA toolkit takes the host compiler",
    category="toolchain",
    why="Every CUDA toolkit takes host compilers of a window and refuses newer ones "
    "(crt/host_config.h holds the test; it is read, not guessed). A Visual Studio update moves the "
    "compiler out of it, and a Visual Studio that came after the toolkit lacks the files by which "
    "MSBuild drives nvcc.",
    source="NVIDIA, CUDA installation guide for Windows; abetlen/llama-cpp-python#2204, #1917, "
    "#247",
    run=_run,
    waits=True,
    limit_s=90,  # as long as vswhere may take
    platforms=("win32", "linux"),
)
