"""Parse untrusted JSON: the only exception is ``ValueError``."""

from __future__ import annotations

import json
from typing import Any, Final

#: Digits of an integer that is kept whole: 64 bits. Reading one costs the square of its length.
_DIGITS: Final = 19


def parse(data: bytes | str) -> Any:  # noqa: ANN401 - whatever it holds: the caller looks
    """Return what a JSON text holds.

    Raises ``ValueError`` where it is none (``NaN`` and ``Infinity`` are not JSON: RFC 8259, section
    6), and where it is nested deeper than Python's stack. An integer of more digits than any count
    has is a float, at worst infinity.
    """
    try:
        return json.loads(data, parse_int=_integer, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _DIGITS else float(digits)
