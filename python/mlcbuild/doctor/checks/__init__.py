"""The checks, by subject; a module is imported when a check of it runs.

``CHECKS`` names the module of each; there the check ``a-b`` is the function ``a_b``.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from mlcbuild.commandline import meant
from mlcbuild.doctor.check import CATEGORIES, Category, Check
from mlcbuild.errors import UsageError

#: Category -> its checks in report order -> the module of each.
CHECKS: Final[dict[Category, dict[str, str]]] = {
    "toolchain": {
        "cmake": "cmake",
        "cmake-generator": "cmake",
        "cmake-policy": "cmake",
        "generator": "cmake",
        "cmake-variables": "cmake",
        "ninja": "tools",
        "msvc": "msvc",
        "msvc-prompt": "msvc",
        "windows-sdk": "msvc",
        "link-exe": "msvc",
        "compiler-variables": "compilers",
        "compiler-flags": "compilers",
        "cxx-compiler": "compilers",
        "git": "git",
        "git-lfs": "git",
        "git-long-paths": "git",
        "cargo": "rust",
        "rust-host": "rust",
        "cuda-toolkit": "cuda_toolkit",
        "vulkan-sdk": "gpu",
        "jit-compiler": "tools",
        "mingw": "tools",
        "wine": "tools",
        "zig": "tools",
    },
    "python": {
        "python-version": "python",
        "python-bits": "python",
        "python-embedded": "python",
        "python-msys2": "python",
        "python-free-threaded": "python",
        "python-store": "python",
        "python-alias": "python",
        "python-conda": "environments",
        "python-venv": "environments",
        "pip": "environments",
        "damaged-distributions": "packages",
        "mixed-installs": "packages",
        "requirements": "packages",
        "editable-install": "packages",
    },
    "paths": {
        "path-entries": "paths",
        "windows-version": "windows",
        "app-control": "windows",
        "long-paths": "paths",
        "project-path": "paths",
        "temp-folder": "variables",
        "disk-space": "paths",
        "library-variables": "variables",
        "source-variables": "variables",
        "python-path": "environments",
        "runtime-variables": "variables",
        "build-configuration": "build_folders",
        "debug-libraries": "build_folders",
        "config-cmake": "build_folders",
        "moved-build": "build_folders",
    },
    "runtime-dlls": {
        "vc-redist": "runtimes",
        "runtime-copies": "runtimes",
        "openmp-copies": "runtimes",
        "installed-loads": "installed_loads",
    },
    "gpu": {
        "gpu-driver": "gpu",
        "vulkan-driver": "gpu",
        "nvidia-driver": "gpu",
        "cuda-runtime": "gpu",
        "opencl-driver": "gpu",
    },
    "network": {
        "certificate-variables": "network",
        "package-index": "network",
        "git-host": "network",
    },
    "trial": {
        "trial": "trial",
    },
}


def load_check(check_id: str) -> Check:
    """Return one check. Raises ``KeyError`` for an unknown id."""
    for category, modules in CHECKS.items():
        if check_id in modules:
            module = importlib.import_module(f"mlcbuild.doctor.checks.{modules[check_id]}")
            check: Check = getattr(module, check_id.replace("-", "_"))
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
