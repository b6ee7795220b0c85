"""Headers and import libraries of a Windows CPython, for extension modules."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlcbuild.cross.target import proven_names
from mlcbuild.lab.pythons import lay_out_python
from mlcbuild.loader.systemdata import builtin_system
from mlcbuild.pe.import_library import import_library
from mlcbuild.sources.staged_folder import stage_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from mlcbuild.cross.target import Target

__all__ = ["WindowsPython", "fetch_python"]

#: The line of pyconfig.h that python.org's installer of a free-threaded CPython has otherwise.
_WITH_GIL: Final = "/* #define Py_GIL_DISABLED 1 */"
_WITHOUT_GIL: Final = "#define Py_GIL_DISABLED 1"
#: Raised where the same CPython gives other files.
_RECIPE: Final = 1


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
    def stable_library(self) -> Path | None:
        """The import library of the stable ABI, which a free-threaded CPython has not."""
        return None if self.target.free_threaded else self.folder / "libs" / "python3.lib"


def fetch_python(target: Target, cache: Path, notice: Callable[[str], None]) -> WindowsPython:
    """Return the CPython of ``target``, the one that the lab runs; brought the first time.

    The lab's are for x64, with the GIL. For others the headers are the same but for one line, and
    import libraries are made from names. Raises ``InputError`` where the package index cannot be
    reached, ``FailedError`` where what it gives is not what is pinned.
    """
    folder = lay_out_python(cache / "lab", f"3.{target.minor}", notice)
    if target.machine != "x86_64" or target.free_threaded:
        folder = _derived(target, folder, cache / "cross")
    return WindowsPython(folder=folder, target=target)


def _derived(target: Target, x64: Path, into: Path) -> Path:
    folder = into / f"{x64.name}-{target.soabi}.{_RECIPE}"

    def make(staged: Path) -> None:
        shutil.copytree(x64 / "include", staged / "include")
        if target.free_threaded:
            config = staged / "include" / "pyconfig.h"
            text = config.read_text(encoding="utf-8")
            config.write_text(text.replace(_WITH_GIL, _WITHOUT_GIL), encoding="utf-8")
        (staged / "libs").mkdir()
        for dll, names in _exports(target, staged / "include").items():
            data = import_library({dll: sorted(names)}, target.machine)
            (staged / "libs" / dll).with_suffix(".lib").write_bytes(data)

    stage_folder(folder, make)
    return folder


def _exports(target: Target, include: Path) -> dict[str, Iterable[str]]:
    """Return DLL -> names. x64's hold for ARM64.

    Of a free-threaded CPython there is no DLL here: what the other exports and the headers that
    both share declare, and what wheels of the index are seen to import. A name that is not among
    them is an error of the linker, never one at the user's.
    """
    system = builtin_system()
    whole = system.exports(f"python3{target.minor}.dll", "x86_64")
    if not target.free_threaded:
        stable = system.exports(f"python3.dll@3{target.minor}", "x86_64")
        return {f"python3{target.minor}.dll": whole, "python3.dll": stable}
    public = (path for path in include.rglob("*.h") if "internal" not in path.parts)
    declared = {
        word for path in public for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))
    }
    lines = proven_names(target.version).read_text(encoding="utf-8").splitlines()
    proven = {line for line in lines if not line.startswith("#")}
    return {f"python3{target.minor}t.dll": whole & declared | proven}
