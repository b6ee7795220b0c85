"""Environments of their own, made by uv: pip takes ten times as long for TVM."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlcbuild.sources.pipconfig import load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.lab import Lab

__all__ = ["Wheel", "environment", "install_for_windows", "uv_settings", "wheel_environment"]


_WINDOWS: Final = ("--python-platform", "windows", "--only-binary", ":all:")


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """An environment: its ``python``, and what a test wants there beyond what it was made with."""

    python: Path

    def install(self, *packages: str | Path) -> None:
        _uv("pip", "install", "--quiet", "--python", self.python, *packages)

    def run(
        self, code: str, *words: str | Path, timeout: int = 600
    ) -> subprocess.CompletedProcess[str]:
        command = [self.python, "-c", code, *words]
        return subprocess.run(
            command, capture_output=True, check=False, encoding="utf-8", timeout=timeout
        )

    def uninstall(self, *packages: str) -> None:
        _uv("pip", "uninstall", "--quiet", "--python", self.python, *packages)


def uv_settings() -> dict[str, str]:
    """Return the variables by which uv takes packages from where pip does."""
    index = load_settings()
    told = {
        "UV_DEFAULT_INDEX": "".join(index.indexes[:1]),
        "UV_INDEX": " ".join(index.indexes[1:]),
        "UV_FIND_LINKS": ",".join(index.find_links),
        **index.uv_environment(),
    }
    return {name: value for name, value in told.items() if value}


def _uv(*words: str | Path) -> None:
    command = [sys.executable, "-m", "uv", *words]
    subprocess.run(command, env=os.environ | uv_settings(), check=True, timeout=900)


def environment(folder: Path, *packages: str | Path) -> Wheel:
    """Return a fresh environment with these packages, and pip."""
    _uv("venv", "--quiet", "--seed", "--python", sys.executable, folder)
    made = Wheel(python=folder / ("Scripts" if os.name == "nt" else "bin") / "python")
    if packages:
        made.install(*packages)
    return made


def wheel_environment(folder: Path) -> Wheel:
    """Return a fresh environment with the wheel that MLCBUILD_TEST_WHEEL names, and PyPI's TVM."""
    return environment(folder, os.environ["MLCBUILD_TEST_WHEEL"])


def install_for_windows(lab: Lab, *packages: str | Path) -> None:
    """Install packages into the lab's environment; pip itself needs minutes for TVM under Wine."""
    site = lab.environment / "Lib" / "site-packages"
    words = (*_WINDOWS, "--python-version", lab.version, "--target", site)
    _uv("pip", "install", "--quiet", *words, *packages)
