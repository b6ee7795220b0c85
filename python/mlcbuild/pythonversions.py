"""The versions of CPython: what is supported, and the default."""

from __future__ import annotations

from typing import Final

#: The oldest that this project runs on; requires-python of every pyproject.toml says the same.
OLDEST: Final = (3, 11)
#: The newest that packages on the index have wheels for.
NEWEST: Final = (3, 14)
#: What is installed where a Python is missing; CI's own tools run on it too.
USUAL: Final = (3, 12)
#: The last of these that python.org has an installer of.
USUAL_INSTALLER: Final = (*USUAL, 10)
