"""Headers and import libraries of a Windows CPython, for extension modules."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlcbuild.lab.pythons import lay_out_python
from mlcbuild.loader.systemdata import builtin_system
from mlcbuild.pe.import_library import import_library
from mlcbuild.sources.aside import make_aside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlcbuild.cross.target import Target

__all__ = ["WindowsPython", "bring_python"]


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowsPython:
    """One CPython as its installer lays it out: ``include`` and ``libs`` below ``folder``."""

    folder: Path
    target: Target

    @property
    def include(self) -> Path:
        """The folder of ``Python.h``."""
        return self.folder / "include"

    @property
    def stable_library(self) -> Path:
        """The import library of the stable ABI."""
        return self.folder / "libs" / "python3.lib"


def bring_python(target: Target, cache: Path, notice: Callable[[str], None]) -> WindowsPython:
    """Return the CPython of ``target``, the one that the lab runs; brought the first time.

    The lab's are for x64. For ARM64 the headers are the same, and import libraries are made from
    the names that the x64 DLLs export. Raises ``InputError`` where the package index cannot be
    reached, ``FailedError`` where what it gives is not what is pinned.
    """
    folder = lay_out_python(cache / "lab", f"3.{target.minor}", notice)
    if target.machine != "x86_64":
        folder = _for_machine(target, folder, cache / "cross")
    return WindowsPython(folder=folder, target=target)


def _for_machine(target: Target, x64: Path, into: Path) -> Path:
    folder = into / f"{x64.name}-{target.machine}"
    exports = {
        f"python3{target.minor}.dll": f"python3{target.minor}.dll",
        "python3.dll": f"python3.dll@3{target.minor}",
    }

    def make(aside: Path) -> None:
        shutil.copytree(x64 / "include", aside / "include")
        (aside / "libs").mkdir()
        for dll, listed in exports.items():
            names = builtin_system().exports(listed, "x86_64")
            data = import_library({dll: sorted(names)}, target.machine)
            (aside / "libs" / dll).with_suffix(".lib").write_bytes(data)

    make_aside(folder, make)
    return folder
