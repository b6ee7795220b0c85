"""Stage a folder and rename it: never half-written, never created twice."""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlcbuild.sources.cache import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def hold(path: Path, notice: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Hold the lock file beside ``path``; other processes wait."""
    lock = path.with_name(f"{path.name}.lock")
    with locked(lock, notice=notice, stopped=threading.Event()):
        yield


def stage_folder(
    path: Path,
    make: Callable[[Path], None],
    notice: Callable[[str], None] = lambda _: None,
    *,
    abandon: Callable[[Path], None] = lambda _: None,
) -> None:
    """Have ``make`` fill a staging folder and rename it to ``path``, unless ``path`` exists.

    The staging folder of a killed process is removed first, after ``abandon`` has ended the
    programs that run in it.
    """
    if path.is_dir():
        return
    with hold(path, notice):
        if path.is_dir():  # another process was faster
            return
        staged = path.with_name(f"{path.name}.part")
        if staged.exists():
            abandon(staged)
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        try:
            make(staged)
            staged.rename(path)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
