"""What became of the inputs of ``fuzz.py``: seconds, memory, and those that broke a bound."""

from __future__ import annotations

import collections
import sys
import time
import traceback
from typing import TYPE_CHECKING

from mlcbuild.errors import MlcbuildError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Tally", "peak_memory"]

SECONDS = 2.0
MEGABYTE = 1 << 20
#: Below this, start-up counts for more than the input.
LARGE = 16 << 10


class Tally:
    """What became of the files, and those that broke a bound."""

    def __init__(self, keep: Path | None) -> None:
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.slowest = 0.0
        #: The most seconds for a megabyte of input, of inputs of 16 KB and more.
        self.slowest_per_mb = 0.0
        self.broken = 0
        self._keep = keep
        #: Held by this script itself: its seeds, above all.
        self._before = peak_memory()
        self._largest = 0

    def run(self, data: bytes, name: str, read: Callable[[bytes], str]) -> None:
        """Read one file and judge it."""
        start = time.process_time()  # others use the machine too
        try:
            self.outcomes[read(data)] += 1
        except MlcbuildError as error:
            self.outcomes["refused"] += 1
            if "\n" in str(error):
                self.fail(data, name, f"an error of more than one line: {error!r}")
        except Exception:  # noqa: BLE001  any other is what this looks for
            self.fail(data, name, traceback.format_exc())
        seconds = time.process_time() - start
        self.slowest = max(self.slowest, seconds)
        if len(data) >= LARGE:
            self.slowest_per_mb = max(self.slowest_per_mb, seconds / len(data) * MEGABYTE)
        if seconds > SECONDS:
            self.fail(data, name, f"took {seconds:.1f} s")
        self._largest = max(self._largest, len(data))
        if peak_memory() - self._before > 3 * self._largest + 100 * MEGABYTE:
            self.fail(data, name, f"the process grew to {peak_memory() >> 20} MB")

    def fail(self, data: bytes, name: str, why: str) -> None:
        """Count and print a broken bound; keep the file that did it."""
        self.broken += 1
        print(f"{name}: {why}", file=sys.stderr)
        if self._keep:
            self._keep.mkdir(parents=True, exist_ok=True)
            (self._keep / name).write_bytes(data)


def peak_memory() -> int:
    """Return the most memory the process ever held, in bytes; 0 where that is not told."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
