"""Parameters of which a plain run takes a part, and ``--slow`` all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["few"]


def few(values: Iterable[Any]) -> list[Any]:
    """Return all values, two of three marked as slow: together they take long."""
    return [
        value if place % 3 == 0 else pytest.param(value, marks=pytest.mark.slow)
        for place, value in enumerate(values)
    ]
