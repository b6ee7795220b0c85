"""The two threads of an engine: what ends one of them is raised to whoever waits for it.

Upstream starts them bare. An exception in one is printed, the thread is gone, and the caller waits
for ever for an answer that nothing will give: in the load of the model and in every request after.
And Python waits for them when a program is over: one that fails before ``terminate()`` never ends.
"""

from __future__ import annotations

import atexit
import threading
import weakref
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["EngineEndedError", "EngineThreads"]

#: Seconds between two looks at the threads while a call waits for them.
_PACE_S = 0.05


class EngineEndedError(RuntimeError):
    """The engine's thread ended with an error: nothing is answered any more."""


class EngineThreads:
    """The background threads of one engine. ``ffi`` are its functions by name."""

    def __init__(
        self,
        ffi: Mapping[str, Callable[..., object]],
        tell: Callable[[EngineEndedError], None],
    ) -> None:
        self._ffi = ffi
        self._tell = tell
        self._failure: EngineEndedError | None = None
        self._user: int | None = None
        self._running: tuple[threading.Thread, ...] = ()
        self._turn = threading.Lock()

    def start(self) -> tuple[threading.Thread, threading.Thread]:
        """Start the loop that drives the engine, and the one that streams answers back."""
        loops = ("run_background_loop", "run_background_stream_back_loop")
        first, second = (
            threading.Thread(target=self._run, args=(name,), daemon=True) for name in loops
        )
        self._running = (first, second)
        first.start()
        second.start()
        atexit.register(_end, weakref.ref(self))
        return first, second

    def end(self) -> None:
        """Leave the loops, unless ``terminate()`` did."""
        running = [thread for thread in self._running if thread.is_alive()]
        if running:
            self._ffi["exit_background_loop"]()
        for thread in running:
            thread.join()

    def check(self) -> None:
        """Raise ``EngineEndedError`` where a thread has ended with an error."""
        if self._failure is not None:
            raise EngineEndedError(str(self._failure))

    def wait_for(self, call: Callable[[], object]) -> None:
        """Make a call that waits for the threads. Raises ``EngineEndedError`` where one ends.

        The call itself then never returns; it is left to a thread that does not keep the process.
        """
        raised: list[BaseException] = []

        def work() -> None:
            try:
                call()
            except BaseException as error:  # noqa: BLE001 - it is the caller's
                raised.append(error)

        waiting = threading.Thread(target=work, daemon=True)
        waiting.start()
        while waiting.is_alive():
            waiting.join(_PACE_S)
            self.check()
        if raised:
            raise raised[0]
        self.check()

    @contextmanager
    def one_caller(self) -> Iterator[None]:
        """Refuse a second thread while a request is answered: there is one queue of answers.

        Raises ``RuntimeError`` in the second.
        """
        mine = threading.get_ident()
        with self._turn:
            if self._user not in (None, mine):
                raise RuntimeError(
                    "MLCEngine answers one thread at a time: "
                    "use AsyncMLCEngine, or one engine a thread"
                )
            first = self._user is None
            self._user = mine
        try:
            yield
        finally:
            if first:
                self._user = None

    def _run(self, name: str) -> None:
        try:
            self._ffi[name]()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it ended the engine
            words = str(error).strip() or type(error).__name__
            self._failure = EngineEndedError(f"the engine ended: {words}")
            self._ffi["exit_background_loop"]()
            self._tell(self._failure)


def _end(threads: weakref.ref[EngineThreads]) -> None:
    """Let a program end: a thread that is still in C++ would keep it, or crash it."""
    left = threads()
    if left is not None:
        left.end()
