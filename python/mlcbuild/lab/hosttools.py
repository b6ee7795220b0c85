"""Programs of this machine for use inside the lab: compilers as if they were Windows'.

Each is a small ``.exe`` (data/tools/hosttool.c) named like the program it runs.
With ``TOOLS`` on PATH, Windows' pip, CMake and Ninja build in the lab.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild import mingw
from mlcbuild.lab.stand_ins import compile_source
from mlcbuild.lab.wine import windows_path
from mlcbuild.sources.staged_folder import stage_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlcbuild.lab.lab import Lab

_SOURCE: Final = Path(__file__).parent / "data" / "tools" / "hosttool.c"
_BINUTILS: Final = ("ar", "ranlib", "nm", "objdump", "strip", "dlltool", "windres", "ld")
#: Tools CMake looks for next to a MinGW compiler.
COMPILERS: Final = tuple(mingw.program(name) for name in ("gcc", "g++", *_BINUTILS))
#: Other programs a build needs.
TOOLS: Final = (*COMPILERS, "git")


def host_tools(lab: Lab, names: Sequence[str] = TOOLS) -> Path:
    """Return a folder with an ``.exe`` for each program, created on first use.

    For a program missing on this machine it exits with code 127, like a shell. Raises
    ``FailedError`` where the source does not compile.
    """
    recipe = hashlib.sha256(_SOURCE.read_bytes())
    recipe.update(repr((sorted(names), str(lab.prefix.folder))).encode())
    folder = lab.root / "host-tools" / recipe.hexdigest()[:12]

    def make(staged: Path) -> None:
        first, *others = (staged / f"{name}.exe" for name in names)
        compile_source(lab.prefix.programs, "tools/hosttool", first)
        for other in others:
            shutil.copy(first, other)
        drives = staged / "drives"  # where compilers look for "Z:/a.cc": see hosttool.c
        drives.mkdir()
        (drives / "Z:").symlink_to("/")
        (drives / "C:").symlink_to(lab.prefix.folder / "drive_c")

    stage_folder(folder, make)
    return folder


def compiler_variables(lab: Lab) -> Mapping[str, str]:
    """Return the variables with which builds in the lab use MinGW: for ``lab.run(env=...)``."""
    folder = host_tools(lab)
    return {
        "CC": windows_path(folder / f"{mingw.program('gcc')}.exe").replace("\\", "/"),
        "CXX": windows_path(folder / f"{mingw.program('g++')}.exe").replace("\\", "/"),
        "WINEPATH": windows_path(folder),
        "HOSTTOOL_HOME": str(Path.home()),
    }
