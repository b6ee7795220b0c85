"""Programs of this machine for use inside the lab: compilers as if they were Windows'.

Each is a small ``.exe`` (data/tools/hosttool.c) named like the program it runs.
With ``TOOLS`` on PATH, Windows' pip, CMake and Ninja build in the lab.

A build in the lab also needs the pinned sources, fetched here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild import mingw
from mlcbuild.lab.programs import compile_source
from mlcbuild.lab.wine import windows_path
from mlcbuild.sources.cache import stage_folder

if TYPE_CHECKING:
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


_PROJECT: Final = "pyproject.toml"


def build_variables(lab: Lab) -> Mapping[str, str]:
    """Return the variables with which Windows' pip builds: for ``lab.run(env=...)``.

    The compilers are MinGW's: sufficient for projects that share no C++ ABI with others.
    """
    # CMake's default generator on Windows ignores CC and CXX.
    generator = {"CMAKE_GENERATOR": os.environ.get("CMAKE_GENERATOR", "Ninja")}
    return {**generator, **compiler_variables(lab)}


def fetch_pinned_sources(words: Iterable[str], *, notice: Callable[[str], None]) -> None:
    """Fetch the pinned sources of each project folder among ``words``, the arguments of pip.

    Linux's Git does it first, because the Windows part of the build has no Git. Raises
    ``InputError`` for what cannot be reached, ``FailedError`` for what does not match the lock.
    """
    from mlcbuild.builder.project import read_project  # noqa: PLC0415 - for builds alone
    from mlcbuild.sources.fetch import fetch  # noqa: PLC0415
    from mlcbuild.sources.lock import LOCK, load  # noqa: PLC0415

    for folder in map(Path, words):
        if not (folder / _PROJECT).is_file():
            continue
        project = read_project(folder)
        lock = (folder / (project.lock or LOCK)).resolve()
        if project.opted_in and lock.is_file():
            notice(f"fetching the pinned sources of {folder.resolve()}")
            fetch(load(lock), only=project.components)
