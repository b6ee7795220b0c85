"""The versions of CPython that are taken for granted where nobody names one."""

from __future__ import annotations

from typing import Final

__all__ = ["NEWEST", "OLDEST"]

#: The oldest that this project runs on; requires-python of every pyproject.toml says the same.
OLDEST: Final = (3, 11)
#: The newest that packages on the index have wheels for.
NEWEST: Final = (3, 14)
