"""``mlcbuild model`` on Windows itself: a library for CUDA, made without nvcc and Visual Studio."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.model.device_code import read_device_code
from wheelvenv import install_for_windows

if TYPE_CHECKING:
    from mlcbuild.lab import Lab
    from publishedllama import Llama

pytestmark = [pytest.mark.slow, pytest.mark.needs_windows_wheel, pytest.mark.needs_index]

ROOT = Path(__file__).parents[2]
#: What mlcbuild itself needs; it runs from the checkout.
TOOLKIT = ("packaging", "rich", "pyelftools")


@pytest.fixture
def lab(windows: Lab, tmp_path: Path) -> Lab:
    """Return the lab with an environment that has the Windows wheel and a linker."""
    lab = windows.use(tmp_path / "venv")
    install_for_windows(lab, f"{os.environ['MLCBUILD_TEST_WINDOWS_WHEEL']}[compile]", *TOOLKIT)
    return lab


def test_a_model_for_cuda_is_compiled_on_windows_and_read_back(
    lab: Lab, llama: Llama, tmp_path: Path
) -> None:
    output = tmp_path / "tiny-cuda.dll"
    words = ["--device", "cuda:sm_80,sm_90", "--target", "win_amd64", "--json"]
    done = lab.run(
        [
            *("python", "-m", "mlcbuild", "model", lab.path(llama.model)),
            *(*words, "-o", lab.path(output)),
        ],
        env={"PYTHONUTF8": "1", "PYTHONPATH": lab.path(ROOT / "python")},
        timeout=1800,
    )
    assert done.code == 0, done.errors
    table = json.loads(done.text)
    assert table["code"]["sass"] == [80, 90]
    code = read_device_code(output.read_bytes())
    assert (code.sass, code.ptx, code.source) == ((80, 90), (), False)
    assert "tvm_ffi.dll" in table["needs"]
