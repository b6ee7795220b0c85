"""JSON: reports as every command writes them, and untrusted text, read with ``ValueError`` only."""

from __future__ import annotations

import json
from typing import Any, Final

from mlcbuild import __version__

#: Digits of an integer that is kept whole: 64 bits. Reading one costs the square of its length.
_DIGITS: Final = 19


def headed(table: dict[str, Any]) -> dict[str, Any]:
    """Return a report with its head: the version of its schema, and which mlcbuild wrote it."""
    return {"schema_version": 1, "tool": {"name": "mlcbuild", "version": __version__}, **table}


def written(table: dict[str, Any]) -> str:
    """Return indented ASCII JSON, which any console can show, with a final newline."""
    return json.dumps(table, indent=2) + "\n"


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
