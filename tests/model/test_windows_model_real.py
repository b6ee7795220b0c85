"""``mlcbuild model`` on Windows itself: a library for CUDA, made without nvcc and Visual Studio."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.model.device_code import read_device_code
from mlcbuild.verify import chat
from mlcbuild.verify.steps import Limits
from mlcbuild.verify.wine import WinePlace
from needs import require
from wheelvenv import install_for_windows

if TYPE_CHECKING:
    from mlcbuild.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.needs_windows_wheel, pytest.mark.needs_index]

ROOT = Path(__file__).parents[2]
#: What mlcbuild itself needs; it runs from the checkout.
TOOLKIT = ("packaging", "rich", "pyelftools")


@pytest.fixture(scope="module")
def place(windows: Lab, tmp_path_factory: pytest.TempPathFactory) -> WinePlace:
    """Return an environment with the Windows wheel and a linker, and a tiny model in its folder."""
    require("lab")
    folder = tmp_path_factory.mktemp("windows")
    lab = windows.use(folder / "venv")
    install_for_windows(lab, f"{os.environ['MLCBUILD_TEST_WINDOWS_WHEEL']}[compile]", *TOOLKIT)
    (folder / "log").touch()
    place = WinePlace(folder=folder, log=folder / "log", lab=lab)
    chat.folder(place).mkdir()
    chat.step_model(place, Limits())
    chat.step_config(place, Limits())
    return place


def test_a_model_for_cuda_is_compiled_on_windows_and_read_back(place: WinePlace) -> None:
    output = place.folder / "tiny-cuda.dll"
    words = ["--device", "cuda:sm_80,sm_90", "--target", "win_amd64", "--json"]
    done = place.lab.run(
        [
            *("python", "-m", "mlcbuild", "model", place.remote(chat.folder(place) / "model")),
            *(*words, "-o", place.remote(output)),
        ],
        env={"PYTHONUTF8": "1", "PYTHONPATH": place.remote(ROOT / "python")},
        timeout=1800,
    )
    assert done.code == 0, done.errors
    table = json.loads(done.text)
    assert table["code"]["sass"] == [80, 90]
    code = read_device_code(output.read_bytes())
    assert (code.sass, code.ptx, code.source) == ((80, 90), (), False)
    assert "tvm_ffi.dll" in table["needs"]
