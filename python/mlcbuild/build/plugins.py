"""Plug-ins for PyPI's apache-tvm (``plugins/``): where they are, and how one is built for Windows.

A plug-in is a project of its own for ``mlcbuild.build.skbuild``. For another system its backend is
handed the compiler and the SDK as config settings, and the import libraries of the DLLs that PyPI's
wheels bring there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.build.scikit import cross_settings
from mlcbuild.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlcbuild.build.toolchain.clang_cl import ClangCl

__all__ = ["plugin_folders", "plugin_settings", "require_plugins"]

#: The package of PyPI's wheel, below the folder of the laid-out sources.
_TVM = "tvm-windows/tvm"


def plugin_folders(project: Path, devices: Sequence[str]) -> list[Path]:
    """Return the projects that bring these devices to PyPI's TVM, whose compiler lacks them."""
    folders = [project / "plugins" / device for device in devices]
    return [folder for folder in folders if (folder / "pyproject.toml").is_file()]


def require_plugins(project: Path, devices: Sequence[str], target: str) -> list[Path]:
    """Return the projects of these devices; raise ``UsageError`` for one that has none."""
    for device in devices:
        if device == "cuda":
            raise UsageError(
                "CUDA's runtime is in PyPI's apache-tvm: no wheel of ours adds it",
                remedy="leave it out: --device is for vulkan and opencl there",
            )
        if not plugin_folders(project, [device]):
            raise UsageError(
                f"there is no {device} for {target}", remedy="use --device vulkan or opencl"
            )
    return plugin_folders(project, devices)


def plugin_settings(cross: ClangCl, target: str, sources: Path) -> dict[str, str | list[str]]:
    """Return the settings that make a plug-in's backend build for ``target``.

    ``sources`` is where the pinned sources are laid out.
    """
    return {
        **cross_settings(cross, target, sources),
        "build-dir": f"build/{target}",
        "cmake.define.MLCBUILD_APACHE_TVM": (sources / _TVM).as_posix(),
        "cmake.define.MLCBUILD_TARGET": target,
        "cmake.define.MLCBUILD_TOOLCHAIN": cross.choice.record,
    }
