from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from needs import require

ROOT = Path(__file__).parents[2]


def make_wheel(folder: Path, *words: str) -> Path:
    """Run ``mlcbuild wheel`` into ``folder`` (the sources must be within reach)."""
    command = [sys.executable, "-m", "mlcbuild", "wheel", *words, "-o", folder]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=env)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder


@pytest.fixture(scope="session")
def linux_wheel() -> Path:
    """Return the wheel that MLCBUILD_TEST_WHEEL names."""
    require("wheel")
    return Path(os.environ["MLCBUILD_TEST_WHEEL"])


@pytest.fixture(scope="session")
def windows_wheel() -> Path:
    """Return the wheel that MLCBUILD_TEST_WINDOWS_WHEEL names."""
    require("windows_wheel", "lab")
    return Path(os.environ["MLCBUILD_TEST_WINDOWS_WHEEL"])
