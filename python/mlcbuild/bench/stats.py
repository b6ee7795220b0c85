"""Statistics of measured values: pure, no rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: The percentiles of a spread's curve, dense where the tail is.
CURVE: Final = (0, 10, 25, 50, 75, 90, 95, 99, 99.9, 100)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """How values are distributed; all in the values' own unit."""

    count: int
    mean: float
    minimum: float
    p50: float
    p90: float
    p99: float
    maximum: float
    #: (percentile, value), at ``CURVE``.
    curve: tuple[tuple[float, float], ...]


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return a percentile of sorted values; ``share`` is 0 to 100.

    Between two values it interpolates linearly (Hyndman and Fan's type 7, numpy's default).
    Raises ``ValueError`` for no values or a share out of range.
    """
    if not ordered:
        raise ValueError("no values")
    if not 0 <= share <= 100:  # noqa: PLR2004 - a percentage
        raise ValueError(f"not a percentage: {share}")
    position = (len(ordered) - 1) * share / 100
    low = math.floor(position)
    part = position - low
    if not part:
        return ordered[low]
    # Not a weighted sum of both: of two equal values that can be a little more than either.
    return ordered[low] + (ordered[low + 1] - ordered[low]) * part


def spread(values: Iterable[float]) -> Spread | None:
    """Return how the values are distributed, None where there are none."""
    ordered = sorted(values)
    if not ordered:
        return None
    mean = math.fsum(ordered) / len(ordered)
    return Spread(
        count=len(ordered),
        mean=min(max(mean, ordered[0]), ordered[-1]),
        minimum=ordered[0],
        p50=percentile(ordered, 50),
        p90=percentile(ordered, 90),
        p99=percentile(ordered, 99),
        maximum=ordered[-1],
        curve=tuple((share, percentile(ordered, share)) for share in CURVE),
    )
