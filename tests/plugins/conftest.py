"""The plug-in wheels, built once, in an environment with the official apache-tvm."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest
from needs import require
from pins import TVM_WHEELS
from treehashes import hashes

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A virtual environment with apache-tvm and the plug-ins."""

    folder: Path
    #: By device.
    wheels: dict[str, Path]
    #: Hash of every file of apache-tvm before the plug-ins came.
    untouched: dict[str, str]

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def site(self) -> Path:
        return next(self.folder.glob("lib/python*/site-packages"))

    def run(
        self, *arguments: str | Path, cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.python, *arguments],
            env={**os.environ, **env},
            cwd=cwd,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=600,
        )

    def pip(self, *arguments: str | Path) -> None:
        subprocess.run([self.python, "-m", "pip", "-q", *arguments], check=True)


def build(device: str, into: Path) -> Path:
    """Build the plug-in, or take the one that was built before: MLCBUILD_TEST_VULKAN names it."""
    if given := os.environ.get(f"MLCBUILD_TEST_{device.upper()}"):
        return Path(given)
    pip = [sys.executable, "-m", "pip", "wheel", ROOT / "plugins" / device, "--no-deps"]
    done = subprocess.run([*pip, "-w", into], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = into.glob(f"tvm_{device}-*.whl")
    return wheel


@pytest.fixture(scope="session")
def plugged(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    require("index", "vulkan", "opencl", "sources", "cxx")
    folder = tmp_path_factory.mktemp("plugins")
    wheels = {device: build(device, folder / "dist") for device in ("vulkan", "opencl")}
    venv.create(folder / "venv", with_pip=True)
    environment = Environment(folder=folder / "venv", wheels=wheels, untouched={})
    environment.pip("install", *TVM_WHEELS)
    # What TVM's own tests import beyond that.
    environment.pip("install", "numpy", "pytest", "scipy", "ml_dtypes", "cloudpickle", "psutil")
    environment.untouched.update(hashes(environment.site / "tvm"))
    environment.pip("install", "--no-deps", *wheels.values())
    return environment
