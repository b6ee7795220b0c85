"""SHA-256 beside unpacking: a second thread hashes each piece while the next is unpacked."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import queue
    import threading

__all__ = ["Digester"]

#: Below this, starting a thread costs more than it saves.
THREAD_FROM: Final = 4 << 20


class Digester:
    """Hashes the pieces given to ``update`` in order, in a thread for a member of some size."""

    def __init__(self, size: int) -> None:
        self._sum = hashlib.sha256()
        self._thread: threading.Thread | None = None
        if size >= THREAD_FROM and (os.cpu_count() or 1) > 1:
            import queue  # noqa: PLC0415
            import threading  # noqa: PLC0415

            self._queue: queue.SimpleQueue[memoryview | None] = queue.SimpleQueue()
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def update(self, piece: memoryview) -> None:
        """Hash a piece, now or soon; its bytes must stay as they are."""
        if self._thread is None:
            self._sum.update(piece)
        else:
            self._queue.put(piece)

    def hexdigest(self) -> str:
        """Return the sum of all pieces, once they are hashed."""
        self.close()
        return self._sum.hexdigest()

    def close(self) -> None:
        """End the thread; what was given is hashed first."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while (piece := self._queue.get()) is not None:
            self._sum.update(piece)
