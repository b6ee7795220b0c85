"""``cuda-toolkit``: the CUDA toolkit supports the installed host compiler."""

from __future__ import annotations

import re
from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.cuda import driving_visual_studio, fitting, toolset_in_force, window_of
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.shell import set_variables, unset
from mlcbuild.doctor.toolchains import choice_of
from mlcbuild.doctor.versions import dotted, find_version
from mlcbuild.toolchain.cmake import NINJA

__all__ = ["CHECK"]

_GNU: Final = re.compile(r"__GNUC__\s*>\s*(\d+)")


def _run(system: System) -> Outcome:
    root = system.variable("CUDA_PATH") or system.variable("CUDA_HOME")
    variable = "CUDA_PATH" if system.variable("CUDA_PATH") else "CUDA_HOME"
    nvcc = system.find("nvcc")
    if root and not system.is_folder(root):
        return warn(
            f"{variable}={root} names a missing CUDA toolkit",
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
            f"{root} has no nvcc: it is only the runtime",
            evidence=(f"{variable}={root}",),
            fix=install(system, "cuda"),
        )
    match = re.search(r"release (\d+\.\d+)", system.run(program, "--version").out)
    version = match[1] if match else "unknown"
    evidence = [f"{program} CUDA {version}"]
    problem = _msvc_window(system, root) if system.windows else _gnu_window(system, root)
    if problem:
        return warn(
            f"CUDA {version} refuses {problem[0]}", evidence=[*evidence, problem[1]], fix=problem[2]
        )
    missing = _integration(system, version) if system.windows else ""
    if missing:
        return warn(
            f"Visual Studio has no build files for CUDA {version}: its generator fails "
            'with "No CUDA toolset found"; Ninja needs none',
            evidence=[*evidence, missing],
            fix=set_variables(system, CMAKE_GENERATOR=NINJA),
        )
    return ok(f"CUDA {version}", evidence=evidence)


def _integration(system: System, version: str) -> str:
    """Return the missing file that Visual Studio needs to run nvcc, or ``""``.

    CUDA's installer copies it into each Visual Studio it finds; one installed later has none.
    """
    visual_studio = driving_visual_studio(system)
    if visual_studio is None or not choice_of(system).generator.startswith("Visual Studio"):
        return ""
    version_folder = {16: "v160", 17: "v170", 18: "v180"}.get(visual_studio.major)
    folder = system.join(visual_studio.path, "MSBuild", "Microsoft", "VC", str(version_folder))
    path = system.join(folder, "BuildCustomizations", f"CUDA {version}.props")
    # The compilers install this folder: without it nothing can be said.
    known = system.is_folder(system.path.dirname(path))
    return f"{path} is missing" if known and not system.is_file(path) else ""


def _msvc_window(system: System, root: str) -> tuple[str, str, str] | None:
    """Compare the toolkit's own test with the toolset; None where it fits or is unknown."""
    window, visual_studio = window_of(system, root), driving_visual_studio(system)
    toolset = toolset_in_force(system, visual_studio) if visual_studio else None
    if visual_studio is None or window is None or toolset is None or window.takes(toolset):
        return None
    return (
        f"MSVC's toolset {toolset[0]}.{toolset[1]}: it supports up to {window.newest}",
        (
            f"host_config.h: _MSC_VER {window.lowest} to {window.highest}; "
            f"{visual_studio.name} has {window.number(toolset)}"
        ),
        fitting(system, root, window, visual_studio),
    )


def _gnu_window(system: System, root: str) -> tuple[str, str, str] | None:
    header = system.text(system.join(root, "include", "crt", "host_config.h")) or ""
    window = _GNU.search(header)
    version = find_version(system.ask("g++", "--version"))
    if window is None or version is None or version[0] <= int(window[1]):
        return None
    newest = int(window[1])
    return (
        f"GCC {dotted(version)}: it supports up to {newest}",
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
    title="The CUDA toolkit supports the host compiler",
    why="Every CUDA toolkit supports a range of host compilers and refuses newer ones "
    "(crt/host_config.h holds the test; it is read, not guessed). A Visual Studio update can leave "
    "that range, and a Visual Studio installed after the toolkit does not have the files that "
    "MSBuild needs for nvcc.",
    source="NVIDIA, CUDA installation guide for Windows; abetlen/llama-cpp-python#2204, #1917, "
    "#247",
    run=_run,
    waits=True,
    limit_s=90,  # as long as vswhere may take
    platforms=("win32", "linux"),
)
