"""Plug-ins for PyPI's apache-tvm (``plugins/``): their folders, and their Windows builds.

A plug-in is a separate project built with ``mlcbuild.skbuild``. In a cross build its backend
receives the compiler, the SDK and the import libraries of PyPI's DLLs as config settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.builder.scikit import cross_settings
from mlcbuild.errors import UsageError
from mlcbuild.sources.lock import read_toml

if TYPE_CHECKING:
    from mlcbuild.toolchain.decision import ClangCl

_TARGET: Final = "cmake.define.MLCBUILD_TARGET"
#: The package of PyPI's wheel, below the folder of the extracted sources.
_TVM: Final = "tvm-windows/tvm"


def plugin_folders(project: Path, devices: Sequence[str]) -> list[Path]:
    """Return the projects that add these devices to PyPI's TVM, whose compiler lacks them."""
    folders = [project / "plugins" / device for device in devices]
    return [folder for folder in folders if (folder / "pyproject.toml").is_file()]


def require_plugins(project: Path, devices: Sequence[str], target: str) -> None:
    """Raise ``UsageError`` for a device without a plug-in."""
    for device in devices:
        if device == "cuda":
            raise UsageError(
                "the CUDA runtime is part of PyPI's apache-tvm: no extra wheel is needed",
                remedy="leave it out: with --target, --device takes vulkan and opencl",
            )
        if not plugin_folders(project, [device]):
            raise UsageError(
                f"{device} is not supported for {target}", remedy="use --device vulkan or opencl"
            )


def linked_against(settings: Mapping[str, Any] | None) -> list[str]:
    """Return a plug-in's build requirement: PyPI's TVM, whose libraries it links.

    None in a cross build, whose import libraries are among the pinned sources.
    """
    if _TARGET in (settings or {}):
        return []
    return list(read_toml(Path.cwd() / "pyproject.toml")["project"]["dependencies"])


def plugin_settings(cross: ClangCl, target: str, sources: Path) -> dict[str, str | list[str]]:
    """Return the settings that make a plug-in's backend build for ``target``.

    ``sources`` is the folder of the extracted sources.
    """
    return {
        **cross_settings(cross, target, sources),
        "build-dir": f"build/{target}",
        "cmake.define.MLCBUILD_APACHE_TVM": (sources / _TVM).as_posix(),
        _TARGET: target,
        "cmake.define.MLCBUILD_TOOLCHAIN": cross.choice.record,
    }
