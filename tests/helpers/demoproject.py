"""A small CMake project to try the release policy on, by itself or through scikit-build-core.

Nothing is installed: mlcbuild's entry point is offered by a ``.dist-info`` folder on the path.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CMAKELISTS", "ENTRY_POINTS", "PYPROJECT", "Project", "Run", "make_project"]

REPOSITORY = Path(__file__).parents[2]
POLICY = REPOSITORY / "python" / "mlcbuild" / "cmake" / "policy.cmake"

#: As python/hatch_build.py declares it; the test of the example reads it from the built wheel.
ENTRY_POINTS = """\
[scikit-build-core.config.override]
mlcbuild = mlcbuild.builder.provider:overrides
"""
CMAKELISTS = """
cmake_minimum_required(VERSION 3.20)
project(demo LANGUAGES C)
add_library(demo SHARED demo.c)
install(TARGETS demo RUNTIME DESTINATION demo LIBRARY DESTINATION demo)
"""
PYPROJECT = """
[build-system]
requires = ["scikit-build-core", "mlcbuild"]
build-backend = "scikit_build_core.build"
[project]
name = "demo"
version = "1.0"
[tool.scikit-build]
wheel.py-api = "py3"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A finished command: exit code, and both streams in one text."""

    code: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """One project folder, and what can be done with it."""

    folder: Path
    env: Mapping[str, str]

    def write(self, name: str, text: str) -> Path:
        """Write one file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *command: str | Path, **env: str) -> Run:
        """Run a command in the project's folder."""
        done = subprocess.run(
            [os.fspath(part) for part in command],
            cwd=self.folder,
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=600,
        )
        return Run(code=done.returncode, text=done.stdout.decode("utf-8", "replace"))

    def configure(self, *options: str, build: str = "build", generator: str = "") -> Run:
        """Configure with the policy alone, without scikit-build-core."""
        return self.run(
            "cmake",
            "-S.",
            f"-B{build}",
            "-G",
            generator or "Ninja Multi-Config",
            f"-DCMAKE_PROJECT_TOP_LEVEL_INCLUDES={POLICY.as_posix()}",
            f"-DMLCBUILD_PYTHON={Path(sys.executable).as_posix()}",
            *options,
        )

    def build_wheel(
        self,
        hook: str = "build_wheel",
        settings: str = "{}",
        backend: str = "scikit_build_core.build",
        **env: str,
    ) -> Run:
        """Run a PEP 517 hook of a backend; the wheel goes to ``dist``."""
        code = f"import {backend} as b; b.{hook}('dist', {settings})"
        (self.folder / "dist").mkdir(exist_ok=True)
        return self.run(sys.executable, "-c", code, **env)

    def wheels(self) -> list[Path]:
        """List the wheels that were built."""
        return sorted((self.folder / "dist").glob("*.whl"))


def make_project(where: Path) -> Project:
    """Write a small C project that opts in, in a folder with a space and an umlaut."""
    offered = where / "offered"
    info = offered / "mlcbuild-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mlcbuild\nVersion: 0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    folder = where / "prö ject"
    folder.mkdir()
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    env = {key: value for key, value in os.environ.items() if not key.startswith(("CMAKE", "SKB"))}
    env |= {
        "PATH": path,
        "PYTHONPATH": os.pathsep.join([str(offered), str(REPOSITORY / "python")]),
        "PYTHONIOENCODING": "utf-8",
    }
    made = Project(folder=folder, env=env)
    made.write("CMakeLists.txt", CMAKELISTS)
    made.write("demo.c", '__attribute__((visibility("default"))) int demo(void) { return 1; }\n')
    made.write("pyproject.toml", PYPROJECT + "[tool.mlcbuild]\n")
    made.write("src/demo/__init__.py", "")
    return made
