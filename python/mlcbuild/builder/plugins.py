"""Plug-ins for PyPI's apache-tvm (``plugins/``): where they are, and how one is built for Windows.

A plug-in is a project of its own for ``mlcbuild.skbuild``. For another system its backend is
handed the compiler and the SDK as config settings, and the import libraries of the DLLs that PyPI's
wheels bring there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.builder.scikit import cross_settings
from mlcbuild.errors import UsageError
from mlcbuild.sources.lock import read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlcbuild.toolchain.clang_cl import ClangCl

__all__ = ["linked_against", "plugin_folders", "plugin_settings", "require_plugins"]

_TARGET: Final = "cmake.define.MLCBUILD_TARGET"
#: The package of PyPI's wheel, below the folder of the laid-out sources.
_TVM: Final = "tvm-windows/tvm"


def plugin_folders(project: Path, devices: Sequence[str]) -> list[Path]:
    """Return the projects that bring these devices to PyPI's TVM, whose compiler lacks them."""
    folders = [project / "plugins" / device for device in devices]
    return [folder for folder in folders if (folder / "pyproject.toml").is_file()]


def require_plugins(project: Path, devices: Sequence[str], target: str) -> None:
    """Raise ``UsageError`` for a device that no plug-in brings."""
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


def linked_against(settings: Mapping[str, Any] | None) -> list[str]:
    """Name what a plug-in's build needs installed: PyPI's TVM, whose libraries it links.

    Nothing for another system, whose import libraries are among the pinned sources.
    """
    if _TARGET in (settings or {}):
        return []
    return list(read_toml(Path.cwd() / "pyproject.toml")["project"]["dependencies"])


def plugin_settings(cross: ClangCl, target: str, sources: Path) -> dict[str, str | list[str]]:
    """Return the settings that make a plug-in's backend build for ``target``.

    ``sources`` is where the pinned sources are laid out.
    """
    return {
        **cross_settings(cross, target, sources),
        "build-dir": f"build/{target}",
        "cmake.define.MLCBUILD_APACHE_TVM": (sources / _TVM).as_posix(),
        _TARGET: target,
        "cmake.define.MLCBUILD_TOOLCHAIN": cross.choice.record,
    }
