"""The wheels of plugins/, for this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from mlcbuild.sources.cache import stage_folder

__all__ = ["plugin_wheel"]

_PLUGINS = Path(__file__).parents[2] / "plugins"


def plugin_wheel(device: str, shared: Path) -> Path:
    """Build the plug-in once in ``shared``, or take the one that MLCBUILD_TEST_VULKAN names."""
    if given := os.environ.get(f"MLCBUILD_TEST_{device.upper()}"):
        return Path(given)

    def build(into: Path) -> None:
        pip = [sys.executable, "-m", "pip", "wheel", _PLUGINS / device, "--no-deps", "-w", into]
        done = subprocess.run(pip, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    stage_folder(shared / f"plug-in {device}", build)
    (wheel,) = (shared / f"plug-in {device}").glob(f"tvm_{device}-*.whl")
    return wheel
