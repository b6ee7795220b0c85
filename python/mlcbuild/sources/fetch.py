"""Bring every pinned component: cache, transport, verification, patches, layout, in that order."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError, InputError
from mlcbuild.sources import layout
from mlcbuild.sources.cache import default_cache, locked, sha256_of
from mlcbuild.sources.git import GitRepository
from mlcbuild.sources.lock import GitOrigin, PypiOrigin
from mlcbuild.sources.objects import DamagedObjectError, MissingObjectError, read_tree
from mlcbuild.sources.patches import apply, load_patches
from mlcbuild.sources.sdist import read_sdist

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mlcbuild.sources.lock import Component, Lock
    from mlcbuild.sources.patches import Patch
    from mlcbuild.sources.tree import Tree

__all__ = ["Brought", "Progress", "bring"]

_JOBS: Final = 4


class Progress:
    """Hears what happens; silent. The CLI and the backend pass one that shows it."""

    def notice(self, text: str) -> None:
        """Say something that the user should know although nothing is wrong."""

    def step(self, component: str, text: str) -> None:
        """Say what is being done for a component; called from its thread."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Brought:
    """One component as it lies in ``folder`` now.

    ``git_bytes`` and ``index_bytes`` were received for it in this run (0 from the cache);
    ``written`` files were laid out, ``files`` are there in total. ``altered`` names files that
    are not what the lock says; only ``verify`` reports them instead of raising.
    """

    component: str
    folder: Path
    files: int
    written: int = 0
    git_bytes: int = 0
    index_bytes: int = 0
    altered: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    into: Path
    cache: Path
    mirror: Path | None
    offline: bool
    verify: bool
    force: bool
    progress: Progress
    patches: dict[str, tuple[Patch, ...]] = field(default_factory=dict)

    def component(self, component: Component) -> Brought:
        folder = self.into / component.name
        lock = self.into / f".{component.name}.lock"
        with locked(lock, notice=self.progress.notice):
            patches = self.patches[component.name]
            wanted = layout.fingerprint(component, patches)
            state = layout.read_state(folder)
            current = state is not None and state.fingerprint == wanted
            if state is not None and state.fingerprint and not (self.verify or self.force):
                if changed := layout.edited(folder, state):
                    raise _edited(folder, changed)
                if current:
                    return Brought(component=component.name, folder=folder, files=len(state.files))
            tree, git_bytes, index_bytes = self._obtain(component)
            tree = apply(component, patches, tree)
            altered: list[str] = []
            written = 0
            if self.verify and current:
                altered = layout.differences(folder, tree)
            else:
                self.progress.step(component.name, "laying out")
                written = layout.lay_out(folder, component, tree, wanted)
        return Brought(
            component=component.name,
            folder=folder,
            files=len(tree),
            written=written,
            git_bytes=git_bytes,
            index_bytes=index_bytes,
            altered=tuple(altered),
        )

    def _obtain(self, component: Component) -> tuple[Tree, int, int]:
        """Return the files of the origin, and the bytes received from Git and from an index."""
        match component.origin:
            case GitOrigin() as git:
                return *self._from_git(component, git), 0
            case PypiOrigin() as pypi:
                tree, received = self._from_index(component, pypi)
                return tree, 0, received

    def _from_git(self, component: Component, origin: GitOrigin) -> tuple[Tree, int]:
        entry = self.cache / "git" / f"{component.name}-{origin.commit[:16]}.git"
        repository = GitRepository(path=entry)
        with locked(entry.with_suffix(".lock"), notice=self.progress.notice):
            if self.offline:
                if not entry.is_dir():
                    raise _not_cached(component, self.cache)
                try:
                    with repository.read(component) as reader:
                        return read_tree(reader, component, origin.commit), 0
                except MissingObjectError as error:
                    raise _not_cached(component, self.cache) from error
            self.progress.step(component.name, "fetching")
            try:
                return self._bring(repository, component, origin)
            except DamagedObjectError as error:
                if self.verify:
                    raise
                self.progress.notice(f"{error.message}; bringing it again")
                shutil.rmtree(entry)
                return self._bring(repository, component, origin)

    def _bring(
        self, repository: GitRepository, component: Component, origin: GitOrigin
    ) -> tuple[Tree, int]:
        received = repository.bring(
            component, origin, mirror=self.mirror, notice=self.progress.notice
        )
        with repository.read(component) as reader:
            return read_tree(reader, component, origin.commit), received

    def _from_index(self, component: Component, origin: PypiOrigin) -> tuple[Tree, int]:
        from mlcbuild.sources.index import Index, IndexFile  # noqa: PLC0415 - slow to import

        path = self.cache / "sdists" / origin.sha256[:16] / origin.filename
        received = 0
        with locked(path.parent.with_suffix(".lock"), notice=self.progress.notice):
            if path.is_file() and sha256_of(path) != origin.sha256:
                damaged = f"{component.name}: the cache entry {path} is damaged"
                if self.offline or self.verify:
                    raise FailedError(
                        damaged,
                        remedy="run 'mlcbuild fetch' with network access, which brings it again",
                    )
                self.progress.notice(f"{damaged}; bringing it again")
                path.unlink()
            if not path.is_file():
                if self.offline:
                    raise _not_cached(component, self.cache)
                self.progress.step(component.name, "downloading")
                files = Index.configured().find_files(origin.project)
                found = [f for f in files if f.filename == origin.filename]
                if not found:
                    raise InputError(
                        f"{component.name}: no package index has {origin.filename}",
                        remedy="check pip's index settings (pip config list)",
                    )
                received = Index.configured().download(
                    IndexFile(filename=origin.filename, url=found[0].url, sha256=origin.sha256),
                    path,
                )
            return read_sdist(path, component, origin), received


def _not_cached(component: Component, cache: Path) -> InputError:
    return InputError(
        f"{component.name}: {component.origin.pin} is not in the cache {cache}",
        remedy="run 'mlcbuild fetch' once without --offline",
    )


def _edited(folder: Path, changed: list[str]) -> FailedError:
    more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    return FailedError(
        f"{folder / changed[0]}{more} is not what mlcbuild laid out",
        remedy=f"keep an edit as a patch in {folder.parent / 'patches'}, then run "
        f"'mlcbuild fetch --force {folder.name}', which lays it out anew",
    )


def bring(
    lock: Lock,
    *,
    into: Path | None = None,
    cache: Path | None = None,
    mirror: Path | None = None,
    offline: bool = False,
    verify: bool = False,
    force: bool = False,
    only: Iterable[str] = (),
    jobs: int = _JOBS,
    progress: Progress | None = None,
) -> list[Brought]:
    """Lay the lock's components out below ``into`` (default: the lock's folder).

    ``verify`` reads origin and layout again, byte by byte, and repairs nothing; ``force`` lays
    edited components out anew. ``only`` names components, none means all. Raises ``InputError``
    for what cannot be reached or written, ``FailedError`` for what is not what the lock says.
    """
    run = _Run(
        into=(into or lock.path.parent).absolute(),
        cache=(cache or default_cache()).absolute(),
        mirror=None if mirror is None else mirror.absolute(),
        offline=offline,
        verify=verify,
        force=force,
        progress=progress or Progress(),
        patches=load_patches(lock),
    )
    components = lock.select(only)
    pool = ThreadPoolExecutor(max_workers=max(1, jobs))
    try:
        futures = [pool.submit(run.component, component) for component in components]
        return [future.result() for future in futures]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
