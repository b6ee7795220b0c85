"""Windows on Linux: real Windows CPython under Wine, ready to run."""

from __future__ import annotations

from mlcbuild.lab.lab import Lab, down, up
from mlcbuild.lab.wine_process import Completed

__all__ = ["Completed", "Lab", "down", "up"]
