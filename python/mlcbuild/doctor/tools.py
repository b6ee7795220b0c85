"""Environments of single tools: those of pipx, ``uv tool`` and ``uvx``.

Source: pipx, How pipx works; uv, Tools (``uv tool dir``, cached environments of ``uvx``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["tool_environment"]

_PLACES: Final = (
    (re.compile(r"[\\/]pipx[\\/]venvs[\\/]", re.IGNORECASE), "pipx"),
    (re.compile(r"[\\/]uv[\\/](data[\\/])?tools[\\/]", re.IGNORECASE), "uv tool"),
    (re.compile(r"[\\/]uv[\\/](cache[\\/])?archive-v\d+[\\/]", re.IGNORECASE), "uvx"),
)


def tool_environment(system: System) -> str:
    """Return the tool that created an environment only for mlcbuild, or ``""``."""
    if system.is_file(system.join(system.python.prefix, "pipx_metadata.json")):
        return "pipx"
    place = system.python.prefix + system.path.sep
    return next((name for pattern, name in _PLACES if pattern.search(place)), "")
