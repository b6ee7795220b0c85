"""The cache of downloads, the lock that serialises concurrent fetches, and staged folders."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from mlcbuild.errors import InputError
from mlcbuild.sources.git_process import StoppedError
from mlcbuild.staging import open_lock

_POLL_SECONDS: Final = 0.1
#: errno of "no space", "quota used up", "file too large", and Windows' disk-full codes.
_FULL_ERRNO: Final = frozenset({27, 28, 122})
_FULL_WINERROR: Final = frozenset({39, 112})


def default_cache() -> Path:
    """Return the cache folder: ``MLCBUILD_CACHE``, else the system's cache location."""
    if given := os.environ.get("MLCBUILD_CACHE"):
        return Path(given)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "mlcbuild" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "mlcbuild"
    xdg = os.environ.get("XDG_CACHE_HOME")
    return (Path(xdg) if xdg else Path.home() / ".cache") / "mlcbuild"


def cache_folder(given: Path | None) -> Path:
    """Return the whole path of the cache that was asked for, else of the default one."""
    return (given or default_cache()).absolute()


def no_room(error: OSError, where: Path) -> InputError | None:
    """Return an error to report when ``error`` means that the disk is full, else None."""
    full = error.errno in _FULL_ERRNO or getattr(error, "winerror", None) in _FULL_WINERROR
    if not full:
        return None
    return InputError(
        f"no space left for {where}",
        remedy="free some space, or choose another folder with --cache",
    )


def remove(folder: Path) -> None:
    """Delete a folder with the read-only files that Git makes. Raises ``InputError``."""
    try:
        if folder.is_symlink():  # a link somebody created: its target is not ours
            folder.unlink()
            return
        for path in folder.rglob("*"):
            if os.name == "nt" and path.is_file():
                path.chmod(stat.S_IWRITE)
        shutil.rmtree(folder)
    except OSError as error:
        raise InputError(
            f"cannot delete {error.filename or folder}: {error.strerror}",
            remedy=f"delete {folder} by hand",
        ) from error


def sha256_of(path: Path) -> str:
    """Return the hex sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextlib.contextmanager
def locked(
    path: Path, *, notice: Callable[[str], None], stopped: threading.Event
) -> Iterator[None]:
    """Hold the lock file ``path``; wait for a process that holds it, with one notice.

    The system releases the lock when the process ends, for whatever reason. The file stays. Raises
    ``InputError`` when it cannot be created, ``StoppedError`` when ``stopped`` while waiting.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open_lock(path)
    except OSError as error:
        raise no_room(error, path) or InputError(
            f"cannot write {path}: {error.strerror}", remedy="choose another folder with --cache"
        ) from error
    with file:
        told = False
        while not _try_lock(file):
            if not told:
                notice(f"waiting for another mlcbuild that uses {path.with_suffix('')}")
                told = True
            if stopped.wait(_POLL_SECONDS):
                raise StoppedError("interrupted")
        try:
            yield
        finally:
            _unlock(file)


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
