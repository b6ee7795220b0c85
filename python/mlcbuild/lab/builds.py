"""What a build in the lab needs from this machine: MinGW's compilers and the pinned sources."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.lab.hosttools import compiler_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mlcbuild.lab.lab import Lab

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
