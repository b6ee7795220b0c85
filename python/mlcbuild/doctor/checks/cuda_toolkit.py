"""``cuda-toolkit``: the CUDA toolkit supports the installed host compiler.

Every toolkit's ``crt/host_config.h`` holds its own test (``_MSC_VER < 1910 || _MSC_VER >= 1950``):
it is read, not guessed. 11.8 supports toolsets up to 14.39, 12.4 to 12.9 up to 14.49, 13.2 those of
Visual Studio 2026. Source: NVIDIA, CUDA installation guide for Windows, Table of host compilers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.check import Outcome, System, check, ok, skip, warn
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.shell import set_variables, unset
from mlcbuild.doctor.toolchains import choice_of, overrides_of, toolset_of, usable
from mlcbuild.errors import InputError, UsageError
from mlcbuild.msvc import release_of_toolset
from mlcbuild.toolchain.machine import NINJA, visual_studio_generator
from mlcbuild.toolchain.visual_studio import toolset_version
from mlcbuild.versions import dotted, find_version

if TYPE_CHECKING:
    from mlcbuild.toolchain.vswhere import VisualStudio

_GNU: Final = re.compile(r"__GNUC__\s*>\s*(\d+)")


@check(
    title="The CUDA toolkit supports the host compiler",
    why="Every CUDA toolkit supports a range of host compilers and refuses newer ones "
    "(crt/host_config.h holds the test; it is read, not guessed). A Visual Studio update can leave "
    "that range, and a Visual Studio installed after the toolkit does not have the files that "
    "MSBuild needs for nvcc.",
    source="NVIDIA, CUDA installation guide for Windows; abetlen/llama-cpp-python#2204, #1917, "
    "#247",
    waits=True,
    limit_s=90,  # as long as vswhere may take
    platforms=("win32", "linux"),
)
def cuda_toolkit(system: System) -> Outcome:
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


#: ``_MSC_VER`` of toolset 14.44 is 1944 (Microsoft, predefined macros).
_MSC_VER_BASE: Final = 500
_WINDOW: Final = re.compile(r"_MSC_VER\s*<\s*(\d+)\s*\|\|\s*_MSC_VER\s*>=\s*(\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """The values of ``_MSC_VER`` that a toolkit supports, both inclusive."""

    lowest: int
    highest: int

    def takes(self, toolset: tuple[int, ...]) -> bool:
        """Return whether a toolset, ``(14, 44, 35207)``, is in the window."""
        return self.lowest <= self.number(toolset) <= self.highest

    @staticmethod
    def number(toolset: tuple[int, ...]) -> int:
        """Return a toolset's ``_MSC_VER``."""
        return toolset[0] * 100 + toolset[1] + _MSC_VER_BASE

    @property
    def newest(self) -> str:
        """The newest toolset, ``14.49``."""
        value = self.highest - _MSC_VER_BASE
        return f"{value // 100}.{value % 100}"


def window_of(system: System, root: str) -> Window | None:
    """Read a toolkit's test; None where it has no known form."""
    text = system.text(system.join(root, "include", "crt", "host_config.h")) or ""
    match = _WINDOW.search(text)
    return Window(lowest=int(match[1]), highest=int(match[2]) - 1) if match else None


def driving_visual_studio(system: System) -> VisualStudio | None:
    """Return the Visual Studio whose compiler a build would use."""
    try:
        visual_studios = usable(system)[0]
        place = choice_of(system).instance.partition(",")[0].replace("/", "\\")
    except (InputError, UsageError):
        return None
    return next((s for s in visual_studios if s.path == place), next(iter(visual_studios), None))


def toolset_in_force(system: System, visual_studio: VisualStudio) -> tuple[int, ...] | None:
    """Return the toolset that a build would use: the requested one, else the default."""
    asked = toolset_version(overrides_of(system).toolset.value, visual_studio)
    return find_version(asked) if asked else toolset_of(system, visual_studio)


def fitting(system: System, root: str, window: Window, visual_studio: VisualStudio) -> str:
    """Return the command that makes toolkit and compiler compatible."""
    toolset = toolset_in_force(system, visual_studio)
    for other in _toolkits(system, root):
        takes = window_of(system, other)
        if toolset and takes and takes.takes(toolset):
            return set_variables(system, CUDA_PATH=other)
    older = [t for t in _toolsets(system, visual_studio) if window.takes(t)]
    if older:
        best = max(older)
        release = release_of_toolset(best)
        platform = f"{release.platform_toolset}," if release else ""
        value = f"{platform}version={best[0]}.{best[1]}"
        return set_variables(system, CMAKE_GENERATOR_TOOLSET=value)
    for other_visual_studio in usable(system)[0]:
        its = toolset_of(system, other_visual_studio)
        generator = visual_studio_generator(other_visual_studio.major)[0]
        if (
            its
            and window.takes(its)
            and generator
            and other_visual_studio.major != visual_studio.major
        ):
            return set_variables(system, CMAKE_GENERATOR=generator)
    return install(system, "cuda")


def _toolkits(system: System, root: str) -> Iterator[str]:
    """Yield the other installed toolkits, newest first (its sibling folders)."""
    parent = system.path.dirname(root.rstrip("\\/"))
    versions = [(find_version(name) or (), name) for name in system.names(parent) or ()]
    for version, name in sorted(versions, reverse=True):
        other = system.join(parent, name)
        if version and system.is_file(system.join(other, "bin", "nvcc.exe")):
            yield other


def _toolsets(system: System, visual_studio: VisualStudio) -> Iterator[tuple[int, ...]]:
    for name in system.names(system.join(visual_studio.path, "VC", "Tools", "MSVC")) or ():
        if version := find_version(name):
            yield version
