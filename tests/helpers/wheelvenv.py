"""An environment of its own for the wheel under test, and what else a test wants there."""

from __future__ import annotations

import os
import subprocess
import venv
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Wheel", "wheel_environment"]


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """``python`` has the wheel that MLCBUILD_TEST_WHEEL names, and the official TVM."""

    python: Path

    def install(self, *packages: str | Path) -> None:
        words = [self.python, "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(words, check=True)


def wheel_environment(folder: Path) -> Wheel:
    """Return a fresh environment with the wheel."""
    venv.create(folder, with_pip=True)
    made = Wheel(python=folder / "bin" / "python")
    made.install(os.environ["MLCBUILD_TEST_WHEEL"])
    return made
