"""The checks: one file each, imported when it runs. The check ``a-b`` is ``checks.a_b.CHECK``."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mlcbuild.commandline import meant
from mlcbuild.doctor.check import CATEGORIES
from mlcbuild.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from mlcbuild.doctor.check import Category, Check

__all__ = ["CHECKS", "choose", "load_check"]

#: Category -> its checks, in report order.
CHECKS: Final[dict[Category, tuple[str, ...]]] = {
    "toolchain": (
        "cmake",
        "cmake-generator",
        "cmake-policy",
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
        "git",
        "git-lfs",
        "git-long-paths",
        "cargo",
        "rust-host",
        "cuda-toolkit",
        "vulkan-sdk",
        "jit-compiler",
        "mingw",
        "wine",
        "zig",
    ),
    "python": (
        "python-version",
        "python-bits",
        "python-embedded",
        "python-msys2",
        "python-free-threaded",
        "python-store",
        "python-alias",
        "python-conda",
        "python-venv",
        "pip",
        "damaged-distributions",
        "mixed-installs",
        "requirements",
        "editable-install",
    ),
    "paths": (
        "path-entries",
        "windows-version",
        "app-control",
        "long-paths",
        "project-path",
        "temp-folder",
        "disk-space",
        "library-variables",
        "source-variables",
        "python-path",
        "runtime-variables",
        "build-configuration",
        "debug-libraries",
        "config-cmake",
        "moved-build",
    ),
    "runtime-dlls": ("vc-redist", "runtime-copies", "openmp-copies", "installed-loads"),
    "gpu": ("gpu-driver", "vulkan-driver", "nvidia-driver", "cuda-runtime", "opencl-driver"),
    "network": ("certificate-variables", "package-index", "git-host"),
    "trial": ("trial",),
}


def load_check(check_id: str) -> Check:
    """Return one check. Raises ``KeyError`` for an unknown id."""
    for category, ids in CHECKS.items():
        if check_id in ids:
            name = f"mlcbuild.doctor.checks.{check_id.replace('-', '_')}"
            check: Check = importlib.import_module(name).CHECK
            return replace(check, id=check_id, category=category)
    raise KeyError(check_id)


def choose(*, only: Collection[str] = (), skip: Collection[str] = ()) -> tuple[str, ...]:
    """Return the ids to run, in report order; ``only`` and ``skip`` hold ids and categories.

    Raises ``UsageError`` for a word that is neither.
    """
    known = {check_id for ids in CHECKS.values() for check_id in ids}
    for word in (*only, *skip):
        if word not in known and word not in CATEGORIES:
            hint = meant(word, (*known, *CATEGORIES))
            raise UsageError(
                f"no such check or group: {word!r}{hint}",
                remedy="see mlcbuild doctor --list-checks",
            )
    return tuple(
        check_id
        for category in CATEGORIES
        for check_id in CHECKS[category]
        if (not only or check_id in only or category in only)
        and check_id not in skip
        and category not in skip
    )
