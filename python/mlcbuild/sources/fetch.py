"""Fetch every pinned component: verified files from the stores, patched and extracted."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from mlcbuild.errors import FailedError
from mlcbuild.sources import layout
from mlcbuild.sources.cache import cache_folder, locked
from mlcbuild.sources.git_process import Git
from mlcbuild.sources.patches import Patch, apply, load_patches
from mlcbuild.sources.stores import Progress, Stores

if TYPE_CHECKING:
    from mlcbuild.sources.lock import Component, Lock

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

#: On Windows a wait without a limit cannot be interrupted.
_POLL_SECONDS: Final = 0.2
#: Seconds to wait for an interrupted thread.
_GRACE_SECONDS: Final = 2.0


def in_parallel(
    work: Callable[[_Item], _Result],
    items: Sequence[_Item],
    *,
    jobs: int,
    stop: Callable[[], None],
) -> list[_Result]:
    """Return ``work(item)`` for every item, in order, ``jobs`` at a time.

    The first error, in the order of the items, is raised once all running work has ended. On Ctrl-C
    ``stop`` is called, and threads that still hang after two seconds (in a silent connection) are
    abandoned: they are daemon threads, those of a thread pool would delay the exit.
    """
    waiting: queue.SimpleQueue[tuple[_Item, Future[_Result]]] = queue.SimpleQueue()
    futures: list[Future[_Result]] = []
    for item in items:
        futures.append(Future())
        waiting.put((item, futures[-1]))
    failed = threading.Event()

    def serve() -> None:
        while not failed.is_set():
            try:
                item, future = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                future.set_result(work(item))
            except BaseException as error:  # noqa: BLE001 - raised again by result()
                failed.set()
                future.set_exception(error)

    threads = [threading.Thread(target=serve, daemon=True) for _ in range(min(jobs, len(items)))]
    for thread in threads:
        thread.start()
    try:
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(_POLL_SECONDS)
    except KeyboardInterrupt:
        failed.set()
        stop()
        end = time.monotonic() + _GRACE_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        raise
    for future in futures:
        if future.done() and (error := future.exception()) is not None:
            raise error
    return [future.result() for future in futures]


_JOBS: Final = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """One component, extracted in ``folder``.

    ``git_bytes`` and ``index_bytes`` were received for it in this run (0 from the cache);
    ``written`` files were extracted, of ``files`` in total. ``altered`` names files that differ
    from the lock; only ``verify`` reports them, others raise.
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
    stores: Stores
    patches: dict[str, tuple[Patch, ...]]
    verify: bool
    force: bool

    def component(self, component: Component) -> Fetched:
        lock = self.into / f".{component.name}.lock"
        progress, stopped = self.stores.progress, self.stores.git.stopped
        with locked(lock, notice=progress.notice, stopped=stopped):
            try:
                return self._component(component, self.into / component.name)
            finally:
                progress.step(component.name, "")

    def _component(self, component: Component, folder: Path) -> Fetched:
        patches = self.patches[component.name]
        wanted = layout.fingerprint(component, patches)
        state = layout.read_state(folder)
        current = state is not None and state.fingerprint == wanted
        verify = self.verify and current
        if state is not None and state.fingerprint and not (verify or self.force):
            if changed := layout.edited(folder, state):
                raise _edited(folder, changed)
            if current:
                return Fetched(component=component.name, folder=folder, files=len(state.files))
        obtained = self.stores.obtain(component)
        tree = apply(component, patches, obtained.tree)
        altered: list[str] = []
        written = 0
        if verify:
            altered = layout.differences(folder, tree)
        else:
            self.stores.progress.step(component.name, "extracting")
            written = layout.lay_out(folder, component, tree, wanted)
        return Fetched(
            component=component.name,
            folder=folder,
            files=len(tree),
            written=written,
            git_bytes=obtained.git_bytes,
            index_bytes=obtained.index_bytes,
            altered=tuple(altered),
        )


def _edited(folder: Path, changed: list[str]) -> FailedError:
    more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    return FailedError(
        f"{folder / changed[0]}{more} differs from what mlcbuild extracted",
        remedy=f"keep an edit as a patch in {folder.parent / 'patches'}, then run "
        f"'mlcbuild fetch --force {folder.name}', which extracts it again",
    )


def default_mirror() -> Path | None:
    """Return the folder of Git repositories that ``MLCBUILD_MIRROR`` names."""
    given = os.environ.get("MLCBUILD_MIRROR")
    return Path(given) if given else None


def fetch(
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
) -> list[Fetched]:
    """Extract the lock's components below ``into`` (default: the lock's folder).

    ``cache`` and ``mirror`` default to ``default_cache()`` and ``default_mirror()``. ``verify``
    reads origin and extracted files again, byte by byte, and repairs nothing; ``force`` extracts
    edited components again. ``only`` names components, none means all. Raises ``InputError`` for
    what cannot be reached or written, ``FailedError`` for what does not match the lock.
    """
    git = Git()
    mirror = mirror or default_mirror()
    run = _Run(
        into=(into or lock.path.parent).absolute(),
        stores=Stores(
            cache=cache_folder(cache),
            mirror=None if mirror is None else mirror.absolute(),
            offline=offline,
            repair=not verify,
            progress=progress or Progress(),
            git=git,
        ),
        patches=load_patches(lock),
        verify=verify,
        force=force,
    )
    return in_parallel(run.component, lock.select(only), jobs=max(1, jobs), stop=git.stop)
