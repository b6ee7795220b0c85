"""The installed Visual Studios that can build, best first, and why others cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.msvc import DRIVEN
from mlcbuild.platforms import WINDOWS, WINDOWS_AMD64, WINDOWS_ARM64

if TYPE_CHECKING:
    from mlcbuild.toolchain.machine import Machine
    from mlcbuild.toolchain.overrides import Overrides
    from mlcbuild.toolchain.vswhere import VisualStudio

#: Native ARM64 compilers came with 17.4; before, the x64 ones run emulated.
_NATIVE_ARM64: Final = (17, 4)


def usable_visual_studios(
    machine: Machine, overrides: Overrides, *, target: str, oldest: tuple[int, int]
) -> tuple[tuple[VisualStudio, ...], tuple[str, ...]]:
    """Return the installations that build for ``target``, stable before preview, newest first.

    Also returns why each of the others is unusable. ``oldest`` is the first version whose compiler
    supports the sources.
    """
    wanted = _folder(overrides.instance.value)
    usable, reasons = [], []
    if machine.visual_studios is None:
        reasons.append("vswhere is not installed")
    for visual_studio in machine.visual_studios or ():
        why = ""
        if wanted and _folder(visual_studio.path) != wanted:
            why = f"is not the one that {overrides.instance.said.partition('=')[0]} names"
        elif not visual_studio.complete and visual_studio.restart:
            why = "needs a restart of Windows to complete its installation"
        elif not visual_studio.complete:
            why = "is not completely installed: finish or repair it with its installer"
        elif not visual_studio.builds_for(target):
            why = f"has no C++ compilers for {target}"
        elif visual_studio.order[:2] < oldest:
            why = f"is older than {oldest[0]}.{oldest[1]}, which the sources need"
        if why:
            reasons.append(f"{visual_studio.name} {why}")
        else:
            usable.append(visual_studio)
    usable.sort(key=lambda s: (not s.prerelease, s.order, s.product, s.path), reverse=True)
    return tuple(usable), tuple(reasons)


def _folder(path: str) -> str:
    """Normalise a folder as Windows does; an instance may end in ``,version=...``."""
    return path.partition(",")[0].replace("/", "\\").rstrip("\\").casefold()


def toolset_version(toolset: str, visual_studio: VisualStudio) -> str:
    """Translate ``-T`` for ``vcvarsall -vcvars_ver``; empty for the default."""
    first, *rest = toolset.split(",")
    for field in rest:
        key, _, value = field.partition("=")
        if key.strip() == "version" and value:
            return value.strip()
    for release in DRIVEN.values():
        if release.platform_toolset == first.strip() and release.major != visual_studio.major:
            return ".".join(map(str, release.last_toolset))
    return ""


def vcvars_architecture(visual_studio: VisualStudio, *, host: str, target: str) -> str:
    """Return ``vcvarsall.bat``'s first argument for this host and target."""
    if host == WINDOWS_ARM64.cmake and visual_studio.order[:2] < _NATIVE_ARM64:
        host = WINDOWS_AMD64.cmake
    names = {each.cmake: each.vcvars for each in WINDOWS.values()}
    return names[target] if host == target else f"{names[host]}_{names[target]}"
