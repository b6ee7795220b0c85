"""Build a project that opts in by every way that people have, and call what comes of it."""

from __future__ import annotations

import os
import re
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from extensionprojects import ADOPTED, write_project
from mlcbuild.cli import main
from wheelvenv import environment

__all__ = ["CROSS", "WAYS", "Adopter", "crosses", "table"]

_PAGE = Path(__file__).parents[2] / "docs" / "your-project.md"
_NEEDED = (
    *("mlcbuild[repair]", "scikit-build-core>=1.1.2", "cmake>=3.26", "ninja>=1.11"),
    *("pybind11", "nanobind", "cython>=3.1", "pip", "build", "uv"),
)
_PIP = ("--no-deps", "--no-build-isolation")
CROSS = "`mlcbuild cross .`"
#: The way, as the table heads it -> the words behind "python -m".
WAYS = {
    "`pip wheel .`": ("pip", "wheel", *_PIP, "-w", "OUT", "."),
    "`python -m build`": ("build", "--no-isolation", "-o", "OUT", "."),
    "`uv build`": ("uv", "build", "--no-build-isolation", "--offline", "-o", "OUT", "."),
    "`pip install -e .`": ("pip", "install", *_PIP, "-e", "."),
    "the same in place": ("pip", "install", *_PIP, "-e", ".", "-C", "editable.mode=inplace"),
}


def table() -> dict[str, dict[str, str]]:
    """Return kind -> way -> what the document says."""
    page = _PAGE.read_text(encoding="utf-8")
    section = page[page.index("## What works") : page.index("## What the gate refuses")]
    block = re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE)[0]
    lines = block.strip().splitlines()
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


@dataclass(frozen=True, kw_only=True)
class Adopter:
    """An environment with mlcbuild and all that projects build with; they lie in ``folder``."""

    python: Path
    folder: Path

    @classmethod
    def make(cls, folder: Path, offered: Path) -> Adopter:
        """Fill an environment with mlcbuild's wheel from ``offered``, and the index's."""
        made = environment(folder / "env", "--find-links", offered, *_NEEDED)
        return cls(python=made.python, folder=folder)

    def run(self, *words: str, cwd: Path | None = None) -> tuple[int, str]:
        """Start the environment's Python, as a user's shell does."""
        env = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "SOURCE_DATE_EPOCH"}}
        env["PATH"] = os.pathsep.join((str(self.python.parent), env["PATH"]))
        env["VIRTUAL_ENV"] = str(self.python.parents[1])
        done = subprocess.run(
            [str(self.python), *words],
            cwd=cwd or self.folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=900,
        )
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def does(self, kind: str, way: str) -> str:
        """Build by that way, install, import and call; return the table's word for it.

        Raises ``AssertionError`` with the output for what is neither.
        """
        project = ADOPTED[kind]
        place = self.folder / f"ä {list(ADOPTED).index(kind)} {list(WAYS).index(way)}"
        source, out = write_project(project, place / "project", adopted=True), place / "out"
        words = (str(out) if word == "OUT" else word for word in WAYS[way])
        code, text = self.run("-m", *words, cwd=source)
        if code and 'editable.mode = "inplace" installs nothing' in " ".join(text.split()):
            return "refused"
        assert code == 0, text
        for wheel in out.glob("*.whl"):
            assert _is_stamped(wheel), text
            self._must("-m", "uv", "pip", "install", "-q", "--no-deps", "--no-index", str(wheel))
        self._must("-I", "-c", f"import {project.name} as m\n{project.call}")
        self._must("-m", "uv", "pip", "uninstall", "-q", project.name.replace(".", "-"))
        return "works"

    def _must(self, *words: str) -> None:
        code, text = self.run(*words)
        assert code == 0, text


def crosses(kind: str, folder: Path) -> str:
    """Build for Windows in ``folder`` and have Windows CPython call it; return the table's word.

    pip must find mlcbuild's wheel (``PIP_FIND_LINKS``).
    """
    project = ADOPTED[kind]
    source, out = write_project(project, folder / "ä project", adopted=True), folder / "out"
    words = ("--sdk", "free", "--python", "3.11", "-o", str(out))
    assert main(["cross", str(source), *words]) == 0
    (wheel,) = out.glob("*.whl")
    assert _is_stamped(wheel)
    code = f"import {project.name} as m\n{project.call}"
    assert main(["verify", str(wheel), "--lab", "--python", "3.11", "--run", code]) == 0
    return "works"


def _is_stamped(wheel: Path) -> bool:
    with zipfile.ZipFile(wheel) as archive:
        return any(name.endswith("/_build.json") for name in archive.namelist())
