from __future__ import annotations

import os
from pathlib import Path

import pytest
from commands import ROOT, run_mlcbuild
from llamafixtures import compiled, llama, wheel
from needs import require

__all__ = ["compiled", "linux_wheel", "llama", "make_wheel", "wheel", "windows_wheel"]


def make_wheel(folder: Path, *words: str) -> Path:
    """Run ``mlcbuild wheel`` into ``folder`` (the sources must be within reach)."""
    done = run_mlcbuild("wheel", *words, "-o", folder, cwd=ROOT)
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
