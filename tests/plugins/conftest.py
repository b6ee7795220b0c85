"""The plug-in wheels, built once, in an environment with the official apache-tvm."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from needs import require
from pins import TVM_WHEELS
from pluginwheels import plugin_wheel
from treehashes import hashes
from wheelvenv import environment

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A virtual environment with apache-tvm and the plug-ins."""

    python: Path
    #: By device.
    wheels: dict[str, Path]
    #: Hash of every file of apache-tvm before the plug-ins came.
    untouched: dict[str, str]

    @property
    def site(self) -> Path:
        return next(self.python.parents[1].glob("lib/python*/site-packages"))

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


@pytest.fixture(scope="session")
def plugged(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    require("index", "vulkan", "opencl", "sources", "cxx")
    folder = tmp_path_factory.mktemp("plugins")
    wheels = {device: plugin_wheel(device, shared) for device in ("vulkan", "opencl")}
    # What TVM's own tests import beyond that.
    more = ("numpy", "pytest", "scipy", "ml_dtypes", "cloudpickle", "psutil")
    made = environment(folder / "venv", *TVM_WHEELS, *more)
    plugged = Environment(python=made.python, wheels=wheels, untouched={})
    plugged.untouched.update(hashes(plugged.site / "tvm"))
    made.install(*wheels.values())
    return plugged
