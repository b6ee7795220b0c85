"""Process items in parallel; Ctrl-C stops at once."""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
