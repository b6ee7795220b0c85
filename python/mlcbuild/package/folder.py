"""Files on disk: one image, a folder (such as site-packages), the files of a distribution."""

from __future__ import annotations

import contextlib
import mmap
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from mlcbuild.errors import InputError
from mlcbuild.package.member import Kind, Member, Package, WheelFacts

#: Below this, reading costs less than mapping.
MAP_FROM: Final = 1 << 17
PEEK: Final = 16


def map_file(path: Path | str, *, name: str) -> memoryview:
    """Return a file's bytes; large files are memory-mapped.

    Raises ``InputError`` when the file cannot be read.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - a pipe would be waited for
            raise InputError(f"{name}: not a file")
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123  twice as fast as Path.open
            if os.fstat(file.fileno()).st_size < MAP_FROM:
                return memoryview(file.read())
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"{name}: cannot be read ({why})") from error


class FilesPackage:
    """Files below one folder. See ``package.member.Package``.

    Without ``paths`` it holds the whole folder; links to folders are not followed, so a loop of
    links is harmless. ``paths`` are relative to the folder, with forward slashes.
    """

    def __init__(
        self,
        root: Path,
        *,
        name: str,
        kind: Kind,
        paths: Sequence[str] | None = None,
        wheel: WheelFacts | None = None,
        companions: Sequence[Package] = (),
    ) -> None:
        self.name = name
        self.kind: Kind = kind
        self.wheel = wheel
        self.companions = companions
        self._root = root
        self._paths = paths

    @property
    def root(self) -> Path:
        """The folder; for a single image, the one it is in, where Windows finds its siblings."""
        return self._root

    def members(self) -> Iterator[Member]:
        """List every file, without reading any."""
        if self._paths is None:
            yield from _walk(str(self._root), self.name)
            return
        for path in self._paths:
            file = self._root / path
            if file.is_file():  # else RECORD lists a file that is gone; record-mismatch reports it
                yield Member(path=path, size=file.stat().st_size)

    def read(
        self, member: Member, *, watch: Callable[[memoryview], None] | None = None
    ) -> memoryview:
        """Return a member's bytes, mapped; ``watch`` receives them too."""
        data = map_file(f"{self._root}{os.sep}{member.path}", name=member.path)
        if watch:
            watch(data)
        return data

    def close(self) -> None:
        """Do nothing: no file is held open."""

    def peek(self, member: Member) -> bytes:
        """Return a member's first bytes."""
        try:
            with (self._root / member.path).open("rb") as file:
                return file.read(PEEK)
        except OSError as error:
            raise InputError(f"{member.path}: cannot be read ({error.strerror})") from error


def _walk(root: str, name: str) -> Iterator[Member]:
    """Yield the files of a folder, recursively, sorted by name."""
    waiting: list[tuple[str, os.DirEntry[str] | None]] = [("", None)]
    while waiting:
        path, entry = waiting.pop()
        if entry is not None and not entry.is_dir(follow_symlinks=False):
            with contextlib.suppress(OSError):  # a loop of links
                if entry.is_file():
                    yield Member(path=path, size=entry.stat().st_size)
            continue
        folder = root if entry is None else entry.path
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda each: each.name, reverse=True)
        except OSError as error:
            raise InputError(f"{name}: cannot list {folder} ({error.strerror})") from error
        waiting += [(f"{path}/{each.name}" if path else each.name, each) for each in entries]
