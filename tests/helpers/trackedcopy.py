"""A checkout to build in: a copy of what Git tracks or would track."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from needs import program

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["copy_tracked"]


def copy_tracked(root: Path, into: Path) -> None:
    """Copy the files of the checkout ``root``, as they are in its work tree."""
    listed = subprocess.run(
        [program("git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, check=True, capture_output=True,
    ).stdout.decode().split("\0")  # fmt: skip
    for name in filter(None, listed):
        if (root / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, into / name)
