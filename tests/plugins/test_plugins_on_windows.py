"""The plug-ins for Windows, made here: beside PyPI's TVM, which stays as it is, in the lab."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from mlcbuild.lab.display import display
from needs import require
from pins import TVM_WHEELS
from treehashes import hashes
from wheelvenv import install_for_windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.lab import Lab
    from mlcbuild.lab.wine_process import Completed

pytestmark = [pytest.mark.slow, pytest.mark.needs_lab]

ROOT = Path(__file__).parents[2]
KERNEL = Path(__file__).with_name("double_kernel.py")
DEVICES = ("vulkan", "opencl")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return device -> wheel; MLCBUILD_TEST_WINDOWS_PLUGINS is a folder that has them already."""
    require("index")
    folder = Path(os.environ.get("MLCBUILD_TEST_WINDOWS_PLUGINS", tmp_path_factory.mktemp("dist")))
    if not list(folder.glob("tvm_vulkan-*-win_amd64.whl")):
        require("clang_cl", "sources")
        words = ["wheel", "--target", "win_amd64", "--device", "vulkan,opencl", "--sdk", "free"]
        command = [sys.executable, "-m", "mlcbuild", *words, "--project", ROOT, "-o", folder]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return {
        device: next(folder.glob(f"tvm_{device}-*-py3-none-win_amd64.whl")) for device in DEVICES
    }


@pytest.fixture(scope="module")
def lab(
    windows: Lab, wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Lab, dict[str, str]]:
    """Return an environment with PyPI's TVM and both plug-ins, and TVM's files before they came."""
    lab = windows.use(tmp_path_factory.mktemp("plugins") / "env")
    install_for_windows(lab, *TVM_WHEELS)
    untouched = hashes(lab.environment / "Lib" / "site-packages" / "tvm")
    pip = ("pip", "install", "--quiet", "--no-compile")
    done = lab.run([*pip, *(lab.path(wheel) for wheel in wheels.values())], timeout=900)
    assert done.code == 0, done.errors
    return lab, untouched


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    require("display", "vulkan", "opencl")
    with display() as name:
        yield name


def run(lab: Lab, screen: str, *words: str) -> Completed:
    return lab.run(["python", *words], env={"DISPLAY": screen, "PYTHONUTF8": "1"}, timeout=600)


@pytest.mark.parametrize("device", DEVICES)
def test_every_symbol_is_one_of_pypis_own_dlls(
    wheels: dict[str, Path], device: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["check", str(wheels[device]), "--with-deps", "--format", "json"])
    table = json.loads(capsys.readouterr().out)
    assert code == 0
    rules = {finding["rule"] for target in table["targets"] for finding in target["findings"]}
    assert rules == {"driver-dll-needed", "free-sdk"}


@pytest.mark.parametrize("device", DEVICES)
def test_it_shows_the_device(lab: tuple[Lab, dict[str, str]], screen: str, device: str) -> None:
    told = run(lab[0], screen, "-m", f"tvm_{device}")
    assert told.code == 0, told.text + told.errors
    assert "code generator loaded" in told.text
    assert f"{device}(0)" in told.text


@pytest.mark.parametrize("device", DEVICES)
def test_a_kernel_is_compiled_and_runs(
    lab: tuple[Lab, dict[str, str]], screen: str, device: str
) -> None:
    done = run(lab[0], screen, lab[0].path(KERNEL), device)
    assert done.text == "ran\n", done.errors


def test_without_a_driver_it_compiles_and_says_what_lacks(lab: tuple[Lab, dict[str, str]]) -> None:
    # Wine's Vulkan opens no driver where there is no display.
    told = lab[0].run(["python", "-m", "tvm_vulkan"], timeout=600)
    assert told.code == 1
    assert "no vulkan device: install the driver" in told.text
    done = lab[0].run(["python", lab[0].path(KERNEL), "vulkan"], timeout=600)
    assert done.text == "compiled\n", done.errors


def test_pypis_tvm_is_unchanged(lab: tuple[Lab, dict[str, str]]) -> None:
    assert hashes(lab[0].environment / "Lib" / "site-packages" / "tvm") == lab[1]
