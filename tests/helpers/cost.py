"""What some work costs, to be compared with what other work costs in the same run."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["cost"]


#: CPU seconds that are read off a clock: Windows' counts in steps of 1/64 s.
_LEAST_S: Final = 0.2


def cost(work: Callable[[], object]) -> float:
    """Return the CPU seconds of some work: the better of two, since others use this machine too.

    Short work is repeated until the clock can tell. The garbage collector is off: it runs in
    whichever of two works happens to come later.
    """
    return min(_once(work) for _ in range(2))


def _once(work: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()
    try:
        start, times, spent = time.process_time(), 0, 0.0
        while spent < _LEAST_S:
            work()
            times += 1
            spent = time.process_time() - start
        return spent / times
    finally:
        gc.enable()
