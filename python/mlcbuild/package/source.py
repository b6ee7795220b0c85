"""Read a file at an offset. A mapped wheel would count as memory on top of its unpacked bytes."""

from __future__ import annotations

import os
import stat
import threading
from typing import TYPE_CHECKING

from mlcbuild.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


class FileSource:
    """One file, read at any offset. Raises ``InputError`` when it cannot be opened."""

    def __init__(self, path: Path, *, name: str) -> None:
        self._name = name
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for its writer
                raise InputError(f"{name}: not a file")
            self._file = path.open("rb", buffering=0)
            self.size = self._file.seek(0, 2)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise InputError(f"{name}: cannot be read ({why})") from error
        self._lock = threading.Lock()

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes at an offset, fewer at the end. Thread-safe."""
        if offset < 0 or offset >= self.size or length <= 0:
            return b""
        length = min(length, self.size - offset)
        try:
            if hasattr(os, "pread"):
                return os.pread(self._file.fileno(), length, offset)
            with self._lock:
                self._file.seek(offset)
                return self._file.read(length) or b""
        except OSError as error:
            raise InputError(f"{self._name}: cannot be read ({error.strerror})") from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()
