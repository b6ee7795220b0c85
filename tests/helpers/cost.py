"""What some work costs, to be compared with what other work costs in the same run."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["cost"]


def cost(work: Callable[[], object]) -> float:
    """Return the CPU seconds of some work: the best of three, since others use this machine too.

    The garbage collector is off: it runs in whichever of two works happens to come later.
    """
    return min(_once(work) for _ in range(3))


def _once(work: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        work()
        return time.process_time() - start
    finally:
        gc.enable()
