"""The order in which to fix problems, and which problems follow from which.

A problem that follows from another one of at least the same severity is not a finding of its own:
it is reported as skipped, with its cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.doctor.check import Result, Status

#: Checks on which all others depend, most basic first: the machine, the terminal, Python. The
#: other checks follow in their own order.
FIRST: Final = (
    "windows-version",
    "disk-space",
    "path-entries",
    "temp-folder",
    "python-msys2",
    "python-version",
    "python-bits",
    "python-embedded",
    "python-free-threaded",
    "python-path",
    "python-conda",
    "python-venv",
    "python-store",
    "python-alias",
    "project-path",
    "msvc-prompt",
    "msvc",
)
_TOOLS: Final = (
    "cmake",
    "generator",
    "cmake-variables",
    "ninja",
    "msvc",
    "msvc-prompt",
    "windows-sdk",
    "link-exe",
    "compiler-variables",
    "compiler-flags",
    "cxx-compiler",
)
#: Check -> the checks whose problem causes its own. The first with a problem is named.
FOLLOWS: Final[Mapping[str, tuple[str, ...]]] = {
    "cargo": ("python-msys2",),
    "cmake-generator": ("cmake", "python-bits", "msvc"),
    "cuda-runtime": ("nvidia-driver", "gpu-driver"),
    "cuda-toolkit": ("python-bits", "msvc"),
    "generator": ("python-bits", "msvc-prompt", "compiler-variables", "msvc"),
    "git-long-paths": ("project-path",),
    "installed-loads": ("vc-redist", "mixed-installs", "requirements", "runtime-copies"),
    "jit-compiler": ("python-bits", "msvc"),
    "link-exe": ("python-bits", "msvc-prompt", "msvc"),
    "long-paths": ("project-path", "python-store"),
    "msvc": ("python-bits",),
    "msvc-prompt": ("python-bits",),
    "nvidia-driver": ("gpu-driver",),
    "opencl-driver": ("gpu-driver",),
    "package-index": ("pip", "certificate-variables"),
    "cxx-compiler": ("python-msys2",),
    "git": ("python-msys2",),
    "git-host": ("certificate-variables",),
    "pip": ("python-venv", "python-embedded", "python-version", "python-msys2"),
    "python-bits": ("python-version", "python-msys2"),
    "python-embedded": ("python-version", "python-bits"),
    "python-free-threaded": ("python-version", "python-bits"),
    "python-store": ("python-version", "python-bits"),
    "requirements": ("damaged-distributions", "mixed-installs"),
    "rust-host": ("python-bits", "python-msys2"),
    "temp-folder": ("disk-space",),
    "trial": _TOOLS,
    # The Visual Studio installer also installs an SDK and the redistributable.
    "vc-redist": ("python-bits", "msvc"),
    "vulkan-driver": ("gpu-driver",),
    "windows-sdk": ("python-bits", "msvc"),
}
_GRAVITY: Final[Mapping[Status, int]] = {"fail": 2, "crash": 2, "warn": 1}


def in_order(results: Iterable[Result]) -> tuple[Result, ...]:
    """Return problems first (causes, then failures, then warnings), then the other results.

    A problem that follows from another one becomes a skipped result.
    """
    found = {result.id: result for result in results}
    told = [_without_cause(result, found) for result in found.values()]
    problems = [result for result in told if result.problem]
    ids = [*FIRST, *(check_id for check_id in found if check_id not in FIRST)]
    rank = {check_id: place for place, check_id in enumerate(ids)}
    problems.sort(key=lambda result: (-_GRAVITY[result.status], rank[result.id]))
    return (*problems, *(result for result in told if not result.problem))


def _without_cause(result: Result, found: Mapping[str, Result]) -> Result:
    gravity = _GRAVITY.get(result.status, 0)
    if not gravity:
        return result
    for cause in FOLLOWS.get(result.id, ()):
        other = found.get(cause)
        if other is not None and _GRAVITY.get(other.status, 0) >= gravity:
            words = f"{result.finding} (fixing {cause} may resolve it)"
            return replace(result, status="skip", finding=words, fix="", repair=None)
    return result
