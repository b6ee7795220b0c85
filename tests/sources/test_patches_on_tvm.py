"""The patches for TVM 0.26, on TVM 0.26: needs the network."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_patched_passes_and_kernels_give_right_numbers(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    scripts = "Scripts" if os.name == "nt" else "bin"
    python = tmp_path / "venv" / scripts / "python"
    packages = ["apache-tvm==0.26.0", "apache-tvm-ffi==0.1.13.post2", "numpy"]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    fetch = ["fetch", "--lock", ROOT / "3rdparty" / "sources.toml", "--into", tmp_path, "mlc-llm"]
    subprocess.run(
        [sys.executable, "-m", "mlcbuild", *fetch],
        env=os.environ | {"PYTHONPATH": str(ROOT / "python")},
        check=True,
    )
    done = subprocess.run(
        [python, Path(__file__).with_name("patched_passes.py"), tmp_path / "mlc-llm" / "python"],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" ok\n") == len(
        ("names", "lift", "dequantize", "low_batch", "sampler", "experts", "images")
    )
