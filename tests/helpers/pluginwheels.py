"""The wheels of plugins/, for this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["plugin_wheel"]

_PLUGINS = Path(__file__).parents[2] / "plugins"


def plugin_wheel(device: str, into: Path) -> Path:
    """Build the plug-in, or take the one that was built before: MLCBUILD_TEST_VULKAN names it."""
    if given := os.environ.get(f"MLCBUILD_TEST_{device.upper()}"):
        return Path(given)
    pip = [sys.executable, "-m", "pip", "wheel", _PLUGINS / device, "--no-deps"]
    done = subprocess.run([*pip, "-w", into], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = into.glob(f"tvm_{device}-*.whl")
    return wheel
