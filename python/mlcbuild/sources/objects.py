"""Read Git objects and verify them: from the pinned commit down, every hash is recomputed.

The commit's SHA-1 covers its tree, a tree's covers its entries: walking from the pin and hashing
each object on the way proves every extracted byte, whatever the cache or the server did.
"""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from mlcbuild.errors import FailedError, MlcbuildError
from mlcbuild.sources.git_process import Git, StoppedError
from mlcbuild.sources.tree import SourceFile, Tree, check_paths

if TYPE_CHECKING:
    from mlcbuild.sources.lock import Component

_FOLDER: Final = "40000"
_EXECUTABLE: Final = "100755"
_FILES: Final = frozenset({"100644", "100664", _EXECUTABLE})
_SUBMODULE: Final = "160000"
#: Bytes of one object: a whole file is held in memory.
_LARGEST: Final = 256 << 20
#: Bytes of all files of a component together.
_ALL: Final = 2 << 30
#: Tree entries in total, and depth of folders: a few objects that refer to each other can
#: stand for more files than any disk holds.
_MOST: Final = 1_000_000
_DEEPEST: Final = 100


class MissingObjectError(FailedError):
    """A needed object is not in the repository."""


class DamagedObjectError(FailedError):
    """An object's bytes do not match its hash."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """One wanted file: where its bytes are, and its mode."""

    oid: str
    executable: bool


class ObjectReader:
    """Objects of one bare repository, each verified when read. A context manager."""

    def __init__(self, git: Git, repository: Path, component: str) -> None:
        self.git = git
        self.repository = repository
        self.component = component
        self._batch = contextlib.ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._batch.close()

    def read(self, oid: str, kind: str) -> bytes:
        """Return the content of one object of type ``kind`` (commit, tree, blob).

        Raises ``MissingObjectError``, or ``DamagedObjectError`` when it cannot be read or its
        SHA-1 differs.
        """
        if self._process is None:
            arguments = ["--git-dir", str(self.repository), "cat-file", "--batch"]
            process = self.git.start(arguments, stderr=subprocess.DEVNULL)
            self._process = self._batch.enter_context(process)
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise AssertionError
        try:
            stdin.write(f"{oid}\n".encode())
            stdin.flush()
            header = stdout.readline().decode().split()
            if len(header) == len(("oid", "missing")) and header[1] == "missing":
                raise MissingObjectError(f"{self.component}: {oid} is not in {self.repository}")
            if len(header) != len(("oid", "type", "size")):
                raise self._damaged(oid)
            size = int(header[2])
            if size > _LARGEST:
                raise FailedError(
                    f"{self.component}: the object {oid[:12]} has {size / 1e6:.0f} MB, more than "
                    f"the {_LARGEST >> 20} MiB that a source file may have",
                    remedy="list it under 'exclude' in sources.toml",
                )
            content: bytes = stdout.read(size)
            whole = len(content) == size and stdout.read(1) == b"\n"
        except OSError as error:  # the reader died: Git's answer to a damaged pack
            raise self._damaged(oid) from error
        actual = hashlib.sha1(f"{header[1]} {size}\0".encode())  # noqa: S324 - Git's, not our choice
        actual.update(content)
        if actual.hexdigest() != oid or header[1] != kind or not whole:
            raise self._damaged(oid)
        return content

    def missing(self, oids: set[str]) -> list[str]:
        """Return those of ``oids`` that are not in the repository, sorted."""
        done = self.git.run(
            ["--git-dir", str(self.repository), "cat-file", "--batch-check"],
            data="".join(f"{oid}\n" for oid in sorted(oids)),
        )
        lines = [line.split() for line in done.stdout.splitlines()]
        return [line[0] for line in lines if line[-1] == "missing"]

    def _damaged(self, oid: str) -> MlcbuildError:
        if self.git.stopped.is_set():
            return StoppedError("interrupted")
        return DamagedObjectError(
            f"{self.component}: the cache entry {self.repository} is damaged (object {oid[:12]})",
            remedy="run 'mlcbuild fetch' with network access, which downloads it again",
        )


def _entries(data: bytes) -> Iterator[tuple[str, str, str]]:
    """Yield (mode, name, oid) of a tree object."""
    at = 0
    while at < len(data):
        space = data.index(b" ", at)
        end = data.index(b"\0", space)
        yield (
            data[at:space].decode("ascii"),
            data[space + 1 : end].decode("utf-8", "surrogateescape"),
            data[end + 1 : end + 21].hex(),
        )
        at = end + 21


def _walk(reader: ObjectReader, component: Component, tree: str) -> dict[str, Blob]:
    """Return the wanted files of a tree. Raises ``FailedError`` for a hostile tree."""
    found: dict[str, Blob] = {}
    waiting, seen = [(tree, "")], 0
    while waiting:
        oid, prefix = waiting.pop()
        try:
            entries = list(_entries(reader.read(oid, "tree")))
        except ValueError as error:  # its hash is right: the commit was made that way
            raise FailedError(f"{component.name}: {oid[:12]} is not a valid Git tree") from error
        seen += len(entries) + 1
        if seen > _MOST or prefix.count("/") > _DEEPEST:
            limit = f"{_MOST} entries" if seen > _MOST else f"{_DEEPEST} nested folders"
            raise FailedError(
                f"{component.name}: the commit has more than {limit}",
                remedy="list less of it under 'paths' in sources.toml",
            )
        for mode, name, entry in entries:
            path = f"{prefix}{name}"
            if mode == _FOLDER:
                if component.may_contain(path):
                    waiting.append((entry, f"{path}/"))
            elif component.wants(path):
                if mode not in _FILES:
                    kind = "submodule" if mode == _SUBMODULE else "symbolic link"
                    raise FailedError(
                        f"{component.name}: {path} is a {kind}, which cannot be extracted",
                        remedy="list it under 'exclude' in sources.toml",
                    )
                found[path] = Blob(oid=entry, executable=mode == _EXECUTABLE)
    return dict(sorted(found.items()))


def wanted_blobs(
    reader: ObjectReader, component: Component, commit: str
) -> tuple[dict[str, Blob], list[str]]:
    """Return the component's files by path, and the hashes of files missing from the repository.

    Raises ``MissingObjectError`` when the commit or one of its trees is absent, ``FailedError``
    when the lock lists a path that the commit does not have.
    """
    first = reader.read(commit, "commit").split(b"\n", 1)[0].decode()
    blobs = _walk(reader, component, first.removeprefix("tree "))
    for path in component.paths:
        if not any(found == path or found.startswith(f"{path}/") for found in blobs):
            raise FailedError(
                f"{component.name}: sources.toml lists {path}, which {commit[:12]} does not have",
                remedy="correct 'paths'",
            )
    check_paths(component.name, blobs)
    return blobs, reader.missing({blob.oid for blob in blobs.values()})


def read_tree(reader: ObjectReader, component: Component, commit: str) -> Tree:
    """Return every file of the component, verified. Raises like ``wanted_blobs``."""
    blobs, _ = wanted_blobs(reader, component, commit)
    tree: Tree = {}
    left = _ALL
    for path, blob in blobs.items():
        tree[path] = SourceFile(data=reader.read(blob.oid, "blob"), executable=blob.executable)
        left -= len(tree[path].data)
        if left < 0:
            raise FailedError(
                f"{component.name}: its files exceed {_ALL >> 30} GiB in total",
                remedy="list less of it under 'paths' in sources.toml",
            )
    return tree
