"""SHA-256 during unpacking: a second thread hashes each piece while the next is unpacked."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import queue
    import threading

#: Below this, starting a thread costs more than it saves.
THREAD_FROM: Final = 4 << 20


class Digester:
    """Hashes the pieces passed to ``update`` in order; large members are hashed in a thread."""

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
        """Hash a piece now or later; the caller must not change its bytes."""
        if self._thread is None:
            self._sum.update(piece)
        else:
            self._queue.put(piece)

    def hexdigest(self) -> str:
        """Wait for the thread and return the digest of all pieces."""
        self.close()
        return self._sum.hexdigest()

    def close(self) -> None:
        """Hash what is still queued and end the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while (piece := self._queue.get()) is not None:
            self._sum.update(piece)
