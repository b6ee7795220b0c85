"""Headers and import libraries of a Windows CPython, for extension modules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlcbuild.lab.pythons import lay_out_python

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

    Raises ``InputError`` where the package index cannot be reached, ``FailedError`` where what it
    gives is not what is pinned.
    """
    folder = lay_out_python(cache / "lab", f"3.{target.minor}", notice)
    return WindowsPython(folder=folder, target=target)
