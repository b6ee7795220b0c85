"""The example as a stranger builds it: pip, isolated, mlcbuild from a folder of wheels."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from demoproject import ENTRY_POINTS
from mlcbuild.stamp import digest, mismatches, read_stamp
from pins import TVM_FFI
from wheelvenv import environment

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


#: A stranger's environment: where the tests find mlcbuild must not leak into it.
ENVIRONMENT = {
    key: value
    for key, value in os.environ.items()
    if key not in {"PYTHONPATH", "SOURCE_DATE_EPOCH"} and not key.startswith(("CMAKE", "SKBUILD"))
}


def run(*command: str | Path, cwd: Path | None = None, **env: str) -> str:
    done = subprocess.run(
        [os.fspath(part) for part in command],
        cwd=cwd,
        env={**ENVIRONMENT, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=900,
    )
    text = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, text
    return text


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the example: a build must not touch the repository."""
    folder = tmp_path_factory.mktemp("exämple dir") / "ffi-hello"
    shutil.copytree(REPOSITORY / "examples" / "ffi-hello", folder)
    return folder


@pytest.fixture(scope="module")
def build(offered: Path, project: Path) -> Callable[[Path], Path]:
    def build_into(folder: Path) -> Path:
        pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, project]
        run(*pip, PIP_FIND_LINKS=str(offered))
        (wheel,) = folder.glob("*.whl")
        return wheel

    return build_into


@pytest.fixture(scope="module")
def wheel(build: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of a clean environment with the example's test needs."""
    return environment(tmp_path_factory.mktemp("clean"), "pytest", "numpy").python


def test_mlcbuild_offers_its_provider(offered: Path) -> None:
    (wheel,) = offered.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith("/entry_points.txt"))
        declared = archive.read(name).decode()
    assert ENTRY_POINTS in declared


def test_the_wheel_is_stamped_and_serves_every_python(wheel: Path) -> None:
    assert wheel.name.startswith("ffi_hello-0.1.0-py3-none-")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        stamp = read_stamp(archive.read("ffi_hello/_build.json"))
        at_hand = {f.path: digest(f.path, archive.read(f.path)) for f in stamp.files}
    assert len(stamp.files) == 1
    assert stamp.configuration == "Release"
    assert [(s.name, s.version) for s in stamp.sources] == [("apache-tvm-ffi", TVM_FFI)]
    assert mismatches(stamp, at_hand) == ()
    assert not [name for name in names if name.endswith((".lib", ".a", ".cc", ".h"))]


def test_it_runs_in_a_clean_environment(wheel: Path, python: Path, project: Path) -> None:
    run(python, "-m", "pip", "install", "-q", wheel)
    text = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=project)
    assert "4 passed" in text


def test_it_is_built_again_to_the_same_bytes(
    wheel: Path, build: Callable[[Path], Path], tmp_path: Path
) -> None:
    assert build(tmp_path).read_bytes() == wheel.read_bytes()


def test_an_editable_install_finds_its_library(offered: Path, python: Path, project: Path) -> None:
    install = [
        python,
        "-m",
        "pip",
        "install",
        "-q",
        "--force-reinstall",
        "--no-deps",
        "-e",
        project,
    ]
    run(*install, PIP_FIND_LINKS=str(offered))
    text = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=project)
    assert "4 passed" in text
    where = run(python, "-c", "import ffi_hello; print(ffi_hello.__file__)", cwd=project.parent)
    assert str(project) in where
