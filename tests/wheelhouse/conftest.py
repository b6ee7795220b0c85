from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def make_wheel(folder: Path, *words: str) -> Path:
    """Run ``mlcbuild wheel`` into ``folder`` (the sources must be within reach)."""
    command = [sys.executable, "-m", "mlcbuild", "wheel", *words, "-o", folder]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=env)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder


@pytest.fixture(scope="session")
def linux_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return MLCBUILD_TEST_WHEEL, or make one."""
    if given := os.environ.get("MLCBUILD_TEST_WHEEL"):
        return Path(given)
    return next(make_wheel(tmp_path_factory.mktemp("linux")).glob("mlc_llm-*.whl"))


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return MLCBUILD_TEST_WHEELHOUSE, or make one."""
    if given := os.environ.get("MLCBUILD_TEST_WHEELHOUSE"):
        return Path(given)
    folder = tmp_path_factory.mktemp("windows") / "wheelhouse"
    return make_wheel(folder, "--target", "win_amd64")
