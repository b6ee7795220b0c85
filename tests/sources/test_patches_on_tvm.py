"""The patches for TVM 0.26, on TVM 0.26: needs the network."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

import pytest
from sources_helpers import fetch_pinned


@pytest.mark.slow
def test_patched_passes_and_kernels_give_right_numbers(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    scripts = "Scripts" if os.name == "nt" else "bin"
    python = tmp_path / "venv" / scripts / "python"
    packages = ["apache-tvm==0.26.0", "apache-tvm-ffi==0.1.13.post2", "numpy"]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    package = fetch_pinned("mlc-llm", tmp_path) / "python"
    done = subprocess.run(
        [python, Path(__file__).with_name("patched_passes.py"), package],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" ok\n") == len(
        ("names", "lift", "dequantize", "low_batch", "sampler", "experts", "images")
    )
