"""Versions as programs print them and as people write them."""

from __future__ import annotations

import re
from typing import Final

Version = tuple[int, ...]

_VERSION: Final = re.compile(r"(?<![\d.])(\d+)\.(\d+)(?:\.(\d+))?(?:\.(\d+))?")


def find_version(text: str) -> Version | None:
    """Return the first version in a text, ``(3, 31, 6)``, or None."""
    match = _VERSION.search(text)
    return tuple(int(part) for part in match.groups() if part is not None) if match else None


def dotted(version: Version | None) -> str:
    """Return ``3.31.6``; ``unknown`` for None."""
    return "unknown" if version is None else ".".join(map(str, version))
