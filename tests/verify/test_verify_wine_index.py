"""``verify --lab`` on wheels of the package index that have native code, and work on Windows."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from pins import TVM_WHEELS

if TYPE_CHECKING:
    from pathlib import Path

#: (requirement, what to import so that native code is loaded). MSVC, MinGW and Rust; CPython's
#: own ABI, the stable one, and ctypes.
WHEELS = [
    (TVM_WHEELS[0], "tvm"),
    (TVM_WHEELS[1], "tvm_ffi"),
    ("bcrypt==5.0.0", "bcrypt"),
    ("h5py==3.16.0", "h5py"),
    ("lxml==6.1.3", "lxml.etree"),
    ("numpy==2.4.6", "numpy"),
    ("orjson==3.13.0", "orjson"),
    ("pillow==13.0.0", "PIL._imaging"),
    ("pyyaml==6.0.3", "yaml._yaml"),
    ("pyzmq==27.3.0", "zmq"),
    ("sentencepiece==0.2.3", "sentencepiece"),
    ("tokenizers==0.23.3", "tokenizers"),
    ("zstandard==0.25.0", "zstandard"),
]


@pytest.mark.slow
@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize(("requirement", "module"), WHEELS)
def test_a_wheel_of_the_index_is_never_called_broken(
    requirement: str, module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--no-deps", "--only-binary=:all:", "--platform", "win_amd64", "-d", str(tmp_path)]
    download = [sys.executable, "-m", "pip", "download", "-q", *options, "--python-version", "3.11"]
    subprocess.run([*download, requirement], check=True, timeout=600)
    (wheel,) = tmp_path.glob("*.whl")

    code = main(["verify", str(wheel), "--lab", "--import", module, "--json"])

    table = json.loads(capsys.readouterr().out)
    assert (code, table["verdict"]) == (0, "works"), table["error"]
    imported = next(step["detail"] for step in table["steps"] if step["name"] == "import")
    assert "native libraries loaded, all from the wheel" in imported
