"""The table of docs/your-project.md: every kind of project by every way, as it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from extensionprojects import ADOPTED, ExtensionProject, write_project

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "your-project.md").read_text(encoding="utf-8")
NEEDED = (
    *("mlcbuild[repair]", "scikit-build-core>=1.1.2", "cmake>=3.26", "ninja>=1.11", "numpy"),
    *("pybind11", "nanobind", "cython>=3.1", "build", "uv", "setuptools"),
)
CROSS = "`mlcbuild cross .`"
#: The way, as the table heads it -> the words behind "python -m".
WAYS = {
    "`pip wheel .`": ("pip", "wheel", "--no-deps", "--no-build-isolation", "-w", "OUT", "."),
    "`python -m build`": ("build", "--no-isolation", "-o", "OUT", "."),
    "`uv build`": ("uv", "build", "--no-build-isolation", "--offline", "-o", "OUT", "."),
    "`pip install -e .`": ("pip", "install", "--no-deps", "--no-build-isolation", "-e", "."),
    "the same in place": (
        *("pip", "install", "--no-deps", "--no-build-isolation", "-e", ".", "-C"),
        "editable.mode=inplace",
    ),
}


def table() -> dict[str, dict[str, str]]:
    """Return kind -> way -> what the document says."""
    section = PAGE[PAGE.index("## What works") : PAGE.index("## What the gate refuses")]
    (block,) = re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE)
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in
                      block.strip().splitlines())  # fmt: skip
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


def test_the_table_has_every_kind_and_every_way() -> None:
    said = table()
    assert list(said) == list(ADOPTED)
    for ways in said.values():
        assert list(ways) == [*WAYS, CROSS]
        assert set(ways.values()) <= {"works", "refused"}


@pytest.fixture(scope="module")
def python(offered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an interpreter that has mlcbuild as a wheel, and what the projects build with."""
    folder = tmp_path_factory.mktemp("adopted")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    install = [python, "-m", "pip", "install", "-q", "--find-links", str(offered), *NEEDED]
    subprocess.run(install, check=True, timeout=900)
    return python


@pytest.fixture
def run(python: Path, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Return what starts that interpreter in a folder, as a user's shell does."""
    env = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "SOURCE_DATE_EPOCH"}}
    env["PATH"] = os.pathsep.join((str(python.parent), env["PATH"]))
    env["VIRTUAL_ENV"] = str(python.parents[1])

    def started(*words: str, cwd: Path = tmp_path) -> tuple[int, str]:
        done = subprocess.run(
            [str(python), *words],
            cwd=cwd,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=900,
        )
        return done.returncode, done.stdout.decode("utf-8", "replace")

    return started


def called(project: ExtensionProject, run: Callable[..., tuple[int, str]]) -> None:
    """Import the installed project, call it, and take it away again."""
    code, text = run("-I", "-c", f"import {project.name} as m\n{project.call}")
    assert code == 0, text
    code, text = run("-m", "pip", "uninstall", "-q", "-y", project.name.replace(".", "-"))
    assert code == 0, text


@pytest.mark.slow
@pytest.mark.needs_cxx
@pytest.mark.needs_index
@pytest.mark.parametrize("kind", ADOPTED)
def test_a_project_does_by_every_way_what_the_table_says(
    kind: str, run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    project = ADOPTED[kind]
    for number, (way, words) in enumerate(WAYS.items()):
        folder = write_project(project, tmp_path / f"ä project {number}", adopted=True)
        out = tmp_path / f"out {number}"
        code, text = run("-m", *(str(out) if word == "OUT" else word for word in words), cwd=folder)
        if table()[kind][way] == "refused":
            assert code != 0, (way, text)
            assert 'editable.mode = "inplace" installs nothing' in " ".join(text.split()), text
            continue
        assert code == 0, (way, text)
        for wheel in out.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                assert any(name.endswith("/_build.json") for name in archive.namelist()), way
            code, text = run("-m", "pip", "install", "-q", "--no-deps", "--no-index", str(wheel))
            assert code == 0, (way, text)
        called(project, run)
