"""Headers and import libraries of a Windows CPython, for extension modules."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlcbuild.cross.target import Target, proven_names
from mlcbuild.lab.pythons import lay_out_python
from mlcbuild.loader.systemdata import builtin_system
from mlcbuild.pe.import_library import import_library
from mlcbuild.sources.cache import stage_folder

#: The line of pyconfig.h that differs in a free-threaded CPython.
_WITH_GIL: Final = "/* #define Py_GIL_DISABLED 1 */"
_WITHOUT_GIL: Final = "#define Py_GIL_DISABLED 1"
#: Increased when the same CPython gives other files.
_RECIPE: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowsPython:
    """One CPython in its installer's layout: ``include`` and ``libs`` below ``folder``."""

    folder: Path
    target: Target

    @property
    def include(self) -> Path:
        """The folder of ``Python.h``."""
        return self.folder / "include"

    @property
    def stable_library(self) -> Path | None:
        """The import library of the stable ABI, which a free-threaded CPython lacks."""
        return None if self.target.free_threaded else self.folder / "libs" / "python3.lib"


def fetch_python(target: Target, cache: Path, notice: Callable[[str], None]) -> WindowsPython:
    """Return the CPython of ``target``, the same as the lab's; downloaded on first use.

    The lab's are for x64, with the GIL. For others the headers differ in one line, and import
    libraries are made from names. Raises ``InputError`` where the package index cannot be reached,
    ``FailedError`` where the download differs from the pin.
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
    """Return DLL -> names. ARM64 has the names of x64.

    The DLL of a free-threaded CPython is not available: its names are those that the other one
    exports and the shared headers declare, plus imports seen in wheels of the index. A name missing
    here is a linker error, never a failure for users.
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
