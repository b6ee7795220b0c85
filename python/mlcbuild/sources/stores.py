"""From a pin to verified files, through the cache: one function per origin.

Both hold the entry's lock meanwhile, report a damaged entry, and download it again where allowed.

An sdist or a wheel is read without running its code or writing files.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlcbuild.errors import FailedError, InputError
from mlcbuild.sources.cache import locked, sha256_of
from mlcbuild.sources.git import GitRepository
from mlcbuild.sources.git_process import Git, StoppedError
from mlcbuild.sources.lock import Component, GitOrigin, PypiOrigin
from mlcbuild.sources.objects import DamagedObjectError, MissingObjectError
from mlcbuild.sources.tree import SourceFile, Tree, check_paths

_ANY_EXECUTE = 0o111
_DIST_INFO: Final = re.compile(r"^[^/]+\.dist-info/")


def _tar(path: Path, wants: _Wants) -> Iterator[tuple[str, SourceFile]]:
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            if (name := wants(member.name)) is None or member.isdir():
                continue
            file = archive.extractfile(member) if member.isreg() else None
            if file is None:
                raise FailedError(
                    f"{wants.component.name}: {name} is a link, which cannot be extracted",
                    remedy="list it under 'exclude' in sources.toml",
                )
            yield name, SourceFile(data=file.read(), executable=bool(member.mode & _ANY_EXECUTE))


def _zip(path: Path, wants: _Wants) -> Iterator[tuple[str, SourceFile]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if (name := wants(info.filename)) is not None and not info.is_dir():
                mode = info.external_attr >> 16
                yield name, SourceFile(data=archive.read(info), executable=bool(mode & 0o111))


class _Wants:
    """Maps an archive's member to its path in the component, None when it is not wanted."""

    def __init__(self, component: Component, root: str, *, is_wheel: bool) -> None:
        self.component = component
        self.root = f"{root}/" if root else ""
        self.is_wheel = is_wheel

    def __call__(self, member: str) -> str | None:
        # A wheel has no top folder, and a dist-info with the version in its name.
        wheels = _DIST_INFO.sub("dist-info/", member)
        inside = wheels if self.is_wheel else member.partition("/")[2]
        if not inside.startswith(self.root):
            return None
        path = inside[len(self.root) :].rstrip("/")
        return path if path and self.component.wants(path) else None


def read_sdist(path: Path, component: Component, origin: PypiOrigin) -> Tree:
    """Return the component's files.

    ``path`` has already been verified by its sha256. Raises ``FailedError`` for an archive that
    cannot be read, a link, or a listed path that it does not have.
    """
    is_wheel = origin.filename.endswith(".whl")
    read = _zip if is_wheel or path.suffix == ".zip" else _tar
    try:
        tree = dict(read(path, _Wants(component, origin.root, is_wheel=is_wheel)))
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise FailedError(f"{component.name}: {path} cannot be unpacked: {error}") from error
    for wanted in component.paths:
        if not any(found == wanted or found.startswith(f"{wanted}/") for found in tree):
            raise FailedError(
                f"{component.name}: sources.toml lists {wanted}, which {origin.filename} does "
                "not have",
                remedy="correct 'paths'",
            )
    check_paths(component.name, tree)
    return tree


class Progress:
    """Receives progress and shows nothing. The CLI and the backend pass one that displays it."""

    def notice(self, text: str) -> None:
        """Tell the user something that is not an error."""

    def step(self, component: str, text: str) -> None:
        """Report a component's current step, from its thread; empty when done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Obtained:
    """The files of one origin, before patches, and the bytes received for them."""

    tree: Tree
    git_bytes: int = 0
    index_bytes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Stores:
    """Where origins are read from. ``repair`` says whether damaged entries are downloaded again."""

    cache: Path
    mirror: Path | None
    offline: bool
    repair: bool
    progress: Progress
    git: Git

    def obtain(self, component: Component) -> Obtained:
        """Return the component's files, every byte verified against its pin.

        Raises ``InputError`` for what cannot be reached or written, ``FailedError`` for what does
        not match the lock.
        """
        match component.origin:
            case GitOrigin() as git:
                return self._git(component, git)
            case PypiOrigin() as pypi:
                return self._sdist(component, pypi)

    def _git(self, component: Component, origin: GitOrigin) -> Obtained:
        entry = self.cache / "git" / f"{component.name}-{origin.commit[:16]}.git"
        repository = GitRepository(path=entry, git=self.git)
        lock = entry.with_suffix(".lock")
        with locked(lock, notice=self.progress.notice, stopped=self.git.stopped):
            if entry.is_dir():
                try:
                    return Obtained(tree=repository.read_tree(component, origin.commit))
                except MissingObjectError as error:  # the lock lists more paths than before
                    if self.offline:
                        raise self._not_cached(component) from error
                    self.progress.notice(
                        f"{component.name}: {entry} is incomplete; downloading it again"
                    )
                except DamagedObjectError as error:
                    if self.offline or not self.repair:
                        raise
                    self.progress.notice(f"{error.message}; downloading it again")
            if self.offline:
                raise self._not_cached(component)
            self.progress.step(component.name, "fetching")
            received = repository.fetch(
                component,
                origin,
                mirror=self.mirror,
                notice=self.progress.notice,
                step=lambda text: self.progress.step(component.name, text),
            )
            tree = repository.read_tree(component, origin.commit)
            return Obtained(tree=tree, git_bytes=received)

    def _sdist(self, component: Component, origin: PypiOrigin) -> Obtained:
        path = self.cache / "sdists" / origin.sha256[:16] / origin.filename
        received = 0
        lock = path.parent.with_suffix(".lock")
        with locked(lock, notice=self.progress.notice, stopped=self.git.stopped):
            if path.is_file() and sha256_of(path) != origin.sha256:
                damaged = f"{component.name}: the cache entry {path} is damaged"
                if self.offline or not self.repair:
                    raise FailedError(
                        damaged,
                        remedy="run 'mlcbuild fetch' with network access, which downloads it again",
                    )
                self.progress.notice(f"{damaged}; downloading it again")
                path.unlink()
            if not path.is_file():
                if self.offline:
                    raise self._not_cached(component)
                received = self._download(component, origin, path)
            return Obtained(tree=read_sdist(path, component, origin), index_bytes=received)

    def _download(self, component: Component, origin: PypiOrigin, path: Path) -> int:
        from dataclasses import replace  # noqa: PLC0415 - only for a download, as is the index

        from mlcbuild.sources.index import Index  # noqa: PLC0415

        self.progress.step(component.name, "querying the package index")
        index = Index.configured()
        offered = [f for f in index.find_files(origin.project) if f.filename == origin.filename]
        if not offered:
            raise InputError(
                f"{component.name}: {origin.filename} is not on the package index",
                remedy="check pip's index settings (pip config list)",
            )
        total = 0

        def received(count: int) -> None:
            nonlocal total
            total += count
            self.progress.step(component.name, f"downloading {total / 1e6:.1f} MB")
            if self.git.stopped.is_set():
                raise StoppedError("interrupted")

        return index.download(replace(offered[0], sha256=origin.sha256), path, progress=received)

    def _not_cached(self, component: Component) -> InputError:
        return InputError(
            f"{component.name}: {component.origin.pin} is not in the cache {self.cache}",
            remedy="run 'mlcbuild fetch' once without --offline",
        )
