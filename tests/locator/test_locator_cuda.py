"""TVM's CUDA runtime: with the driver and NVIDIA's wheel, without one of them, an older driver."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from mlc_llm._locator.cuda import _major
from tinyelf import build_so

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Install

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the libraries here are ELF files")

ASK = (
    "import mlc_llm, tvm, json; from mlc_llm import libinfo;"
    "print(json.dumps({'loaded': list(tvm.base._LOADED_LIBS), 'refused': libinfo.refused_backends,"
    " 'maps': [l.split()[-1] for l in open('/proc/self/maps') if 'libcudart' in l]}))"
)


@pytest.fixture
def sidecar(install: Install) -> Install:
    """An install whose CUDA back end needs what the official one needs."""
    path = install.site / "tvm" / "lib" / "libtvm_runtime_cuda.so"
    path.unlink()
    needed = ["libtvm_runtime.so", "libcudart.so.13", "libcuda.so.1"]
    build_so(path, soname=path.name, needed=needed, runpath="$ORIGIN")
    return install


@pytest.fixture
def nvidias_wheel(sidecar: Install) -> Path:
    library = sidecar.site / "nvidia" / "cu13" / "lib" / "libcudart.so.13"
    return build_so(library, soname=library.name)


def driver(folder: Path, version: int) -> str:
    """Make a driver that knows this CUDA (13000 for 13.0); return its folder."""
    source = f"int cuDriverGetVersion(int *v) {{ *v = {version}; return 0; }}\n"
    build_so(folder / "libcuda.so.1", source=source, soname="libcuda.so.1")
    return str(folder)


def ask(install: Install, **environment: str) -> dict[str, Any]:
    done = install.python("-c", ASK, **environment)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_nvidias_wheel_is_found_where_no_loader_looks(
    sidecar: Install, nvidias_wheel: Path, tmp_path: Path
) -> None:
    found = ask(sidecar, LD_LIBRARY_PATH=driver(tmp_path / "driver", 13000))
    assert found["refused"] == {}
    assert "tvm_runtime_cuda" in found["loaded"]
    assert any(nvidias_wheel.name in path for path in found["maps"])


def test_without_the_wheel_the_command_that_brings_it_is_named(
    sidecar: Install, tmp_path: Path
) -> None:
    found = ask(sidecar, LD_LIBRARY_PATH=driver(tmp_path / "driver", 13000))
    assert "libcudart.so.13 is not installed" in found["refused"]["tvm_runtime_cuda"]
    assert 'pip install "mlc-llm[cuda]"' in found["refused"]["tvm_runtime_cuda"]


@pytest.mark.usefixtures("nvidias_wheel")
def test_without_a_driver_nothing_else_is_blamed(sidecar: Install) -> None:
    reason = ask(sidecar)["refused"]["tvm_runtime_cuda"]
    assert reason == "NVIDIA's driver is not on this machine (libcuda.so.1)"


@pytest.mark.usefixtures("nvidias_wheel")
def test_an_older_driver_is_told_from_a_missing_one(sidecar: Install, tmp_path: Path) -> None:
    found = ask(sidecar, LD_LIBRARY_PATH=driver(tmp_path / "driver", 12040))
    assert found["refused"]["tvm_runtime_cuda"] == (
        "NVIDIA's driver is for CUDA 12.4, TVM's for 13: driver 580 on"
    )


@pytest.fixture
def whole(install: Install) -> Install:
    """An install whose CUDA back end has NVIDIA's library inside, as the one for Windows."""
    path = install.site / "tvm" / "lib" / "libtvm_runtime_cuda.so"
    path.unlink()
    source = 'const char asked[] = "\\0cuDeviceGetHostAtomicCapabilities";\n'
    build_so(path, source=source, soname=path.name, needed=["libtvm_runtime.so"], runpath="$ORIGIN")
    return install


def test_a_runtime_that_loads_without_a_driver_is_of_no_use(whole: Install) -> None:
    found = ask(whole)
    assert "tvm_runtime_cuda" in found["loaded"]
    reason = "NVIDIA's driver is not on this machine (libcuda.so.1)"
    assert found["refused"]["tvm_runtime_cuda"] == reason


def test_an_older_driver_is_told_where_nvidias_library_is_inside(
    whole: Install, tmp_path: Path
) -> None:
    found = ask(whole, LD_LIBRARY_PATH=driver(tmp_path / "old", 12040))
    assert found["refused"]["tvm_runtime_cuda"] == (
        "NVIDIA's driver is for CUDA 12.4, TVM's for 13: driver 580 on"
    )
    found = ask(whole, LD_LIBRARY_PATH=driver(tmp_path / "new", 13000))
    assert found["refused"] == {}


@pytest.mark.parametrize(
    ("name", "major"),
    [("libcudart.so.13", 13), ("cudart64_13.dll", 13), ("cudart64_130.DLL", 130), ("", 0)],
)
def test_the_major_version_is_in_the_name(name: str, major: int) -> None:
    assert _major(name) == major
