"""Windows wheels with extension modules, made here and called by Windows CPython.

Most build environments are uv's, which takes seconds where pip takes half a minute. The users' way,
by pip, is that of the example; each kind by each way is in benchmarks/adoption_table.py.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from adoption import crosses
from extensionprojects import PROJECTS, write_project
from mlcbuild.cli import main
from mlcbuild.pe.reader import read_image
from needs import require

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def toolchain() -> None:
    for need in ("clang_cl", "sources", "index", "lab"):
        require(need)


def cross(project: Path, output: Path, *words: str) -> list[Path]:
    assert main(["cross", str(project), "--sdk", "free", "-o", str(output), *words]) == 0
    return sorted(output.glob("*.whl"))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("kind", ["pybind11", "numpy"])
def test_a_module_is_built_for_two_pythons_and_called_by_both(kind: str, tmp_path: Path) -> None:
    project = PROJECTS[kind]
    folder = write_project(project, tmp_path / "ä project")
    wheels = cross(folder, tmp_path / "out", "--python", "3.11,3.13")
    for wheel, version in zip(wheels, ("3.11", "3.13"), strict=True):
        abi = f"cp{version.replace('.', '')}"
        assert wheel.name == f"{project.name}-1.0-{abi}-{abi}-win_amd64.whl"
        code = f"import {project.name} as m\n{project.call}"
        assert main(["verify", str(wheel), "--lab", "--python", version, "--run", code]) == 0


@pytest.mark.usefixtures("quick")
def test_a_stable_abi_wheel_is_made_once_and_named_for_no_python(tmp_path: Path) -> None:
    folder = write_project(PROJECTS["nanobind"], tmp_path / "project")
    (wheel,) = cross(folder, tmp_path / "out", "--python", "3.12,3.13")
    assert wheel.name == "nano-1.0-cp312-abi3-win_amd64.whl"
    with zipfile.ZipFile(wheel) as archive:
        assert "nano.pyd" in archive.namelist()
        assert b"python3.dll\0" in archive.read("nano.pyd")
    code = f"import nano as m\n{PROJECTS['nanobind'].call}"
    assert main(["verify", str(wheel), "--lab", "--python", "3.13", "--run", code]) == 0


@pytest.mark.usefixtures("quick")
def test_a_wheel_that_check_refuses_is_not_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_project(PROJECTS["cython"], tmp_path / "project")
    settings = folder / "pyproject.toml"
    text = settings.read_text(encoding="utf-8")
    stable = '[tool.scikit-build]\nwheel.py-api = "cp311"'  # and CMake is told of none
    settings.write_text(text.replace("[tool.scikit-build]", stable, 1), encoding="utf-8")
    out = tmp_path / "out"
    assert main(["cross", str(folder), "--sdk", "free", "-o", str(out), "--python", "3.11"]) == 1
    told = capsys.readouterr()
    assert "wheel-tag-mismatch" in told.out
    assert "is not kept" in told.err
    assert not list(out.glob("*"))


@pytest.fixture
def findable(offered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip find that wheel, as the README says."""
    found = os.environ.get("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_FIND_LINKS", f"{offered} {found}".strip())


@pytest.mark.usefixtures("findable", "quick")
@pytest.mark.parametrize("kind", ["Cython, stable ABI", "namespace package", "data files"])
def test_a_project_that_opts_in_is_stamped_and_called_by_windows_python(
    kind: str, tmp_path: Path
) -> None:
    assert crosses(kind, tmp_path) == "works"


@pytest.mark.usefixtures("findable")
def test_the_example_takes_its_companion_from_the_windows_wheel(tmp_path: Path) -> None:
    (wheel,) = cross(ROOT / "examples" / "ffi-hello", tmp_path / "out")
    assert wheel.name == "ffi_hello-0.1.0-py3-none-win_amd64.whl"
    code = (
        "import ffi_hello, numpy\n"
        "assert ffi_hello.total(numpy.array([1e8, 1, -1e8] * 1000, dtype='float32')) == 1000\n"
        "assert ffi_hello.count_words('a b a') == {'a': 2, 'b': 1}"
    )
    assert main(["verify", str(wheel), "--lab", "--with", "numpy", "--run", code]) == 0


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("kind", ["nanobind", "numpy"])
def test_a_module_is_built_for_arm64_and_judged_by_its_own_tag(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is nothing here that runs it."""
    project = PROJECTS[kind]
    folder = write_project(project, tmp_path / "project")
    words = ("--target", "win_arm64", "--python", "3.13")
    (wheel,) = cross(folder, tmp_path / "out", *words)
    assert "1 image for ARM64: 1 will load" in capsys.readouterr().out
    tag = "cp312-abi3" if "py-api" in project.settings else "cp313-cp313"
    assert wheel.name == f"{project.name}-1.0-{tag}-win_arm64.whl"
    with zipfile.ZipFile(wheel) as archive:
        (module,) = (name for name in archive.namelist() if name.endswith(".pyd"))
        image = read_image(archive.read(module), path=module)
    python = "python3.dll" if "abi3" in tag else "python313.dll"
    assert image.machine == "arm64"
    assert python in {dll.name for dll in image.imports}
    assert main(["verify", str(wheel), "--lab"]) == 3
    assert "is for win_arm64" in capsys.readouterr().err


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("kind", ["nanobind", "cython"])
def test_a_module_is_built_for_the_free_threaded_python_and_judged(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no such Python here that runs it."""
    project = PROJECTS[kind]
    folder = write_project(project, tmp_path / "project")
    (wheel,) = cross(folder, tmp_path / "out", "--python", "3.13t")
    assert wheel.name == f"{project.name}-1.0-cp313-cp313t-win_amd64.whl"
    with zipfile.ZipFile(wheel) as archive:
        (module,) = (name for name in archive.namelist() if name.endswith(".pyd"))
        image = read_image(archive.read(module), path=module)
    (python,) = (dll for dll in image.imports if dll.name.startswith("python3"))
    assert python.name == "python313t.dll"
    # What a reference count is without the GIL: the headers' own, so the definition was seen.
    assert "_Py_DecRefShared" in {symbol.name for symbol in python.symbols}
    assert main(["verify", str(wheel), "--lab"]) == 3
    assert "free-threaded" in capsys.readouterr().err
