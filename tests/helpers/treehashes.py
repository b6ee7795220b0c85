"""What a folder holds, to compare it before and after."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["hashes"]


def hashes(folder: Path) -> dict[str, str]:
    """Return path -> sha256 of every file below ``folder`` but compiled Python."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
