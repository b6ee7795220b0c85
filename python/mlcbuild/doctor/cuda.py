"""Which host compilers a CUDA toolkit supports, and which installed versions fit together.

Every toolkit's ``crt/host_config.h`` holds its own test (``_MSC_VER < 1910 || _MSC_VER >= 1950``):
it is read, not guessed. 11.8 supports toolsets up to 14.39, 12.4 to 12.9 up to 14.49, 13.2 those of
Visual Studio 2026. Source: NVIDIA, CUDA installation guide for Windows, Table of host compilers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.installers import install
from mlcbuild.doctor.shell import set_variables
from mlcbuild.doctor.toolchains import choice_of, overrides_of, toolset_of, usable
from mlcbuild.doctor.versions import find_version
from mlcbuild.errors import InputError, UsageError
from mlcbuild.msvc import release_of_toolset
from mlcbuild.toolchain.cmake import visual_studio_generator
from mlcbuild.toolchain.visual_studio import toolset_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.doctor.system import System
    from mlcbuild.toolchain.vswhere import VisualStudio

__all__ = ["Window", "driving_visual_studio", "fitting", "toolset_in_force", "window_of"]

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
