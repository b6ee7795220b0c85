"""Windows' pip, scikit-build-core, CMake and Ninja build the example with our backend."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.lab.hosttools import compiler_variables
from mlcbuild.lab.wine import windows_path
from mlcbuild.stamp import digest, mismatches, read_stamp
from wheelvenv import install_for_windows

if TYPE_CHECKING:
    from mlcbuild.lab import Completed, Lab

REPOSITORY = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


def pip(lab: Lab, *words: str | Path, offered: Path, path: tuple[Path, ...] = ()) -> Completed:
    compiler = compiler_variables(lab)
    env = {
        **compiler,
        "WINEPATH": ";".join((*map(windows_path, path), compiler["WINEPATH"])),
        "PIP_FIND_LINKS": windows_path(offered),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_NO_COMPILE": "1",
    }
    given = [windows_path(word) if isinstance(word, Path) else word for word in words]
    return lab.run(["pip", *given], env=env, timeout=900)


@pytest.fixture(scope="module")
def lab(windows: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Return the lab with an environment of its own."""
    return windows.use(tmp_path_factory.mktemp("windows") / "env")


@pytest.fixture(scope="module")
def wheel(lab: Lab, offered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the example on Windows, in a folder with a space and an umlaut."""
    project = tmp_path_factory.mktemp("exämple dir") / "ffi-hello"
    shutil.copytree(REPOSITORY / "examples" / "ffi-hello", project)
    into = tmp_path_factory.mktemp("made")
    done = pip(lab, "wheel", "-v", "--no-deps", "-w", into, project, offered=offered)
    assert done.code == 0, done.text + done.errors
    (made,) = into.glob("*.whl")
    return made


def test_windows_pip_makes_a_stamped_windows_wheel(wheel: Path) -> None:
    assert wheel.name == "ffi_hello-0.1.0-py3-none-win_amd64.whl"
    with zipfile.ZipFile(wheel) as archive:
        stamp = read_stamp(archive.read("ffi_hello/_build.json"))
        at_hand = {f.path: digest(f.path, archive.read(f.path)) for f in stamp.files}
    assert (stamp.target.system, stamp.target.machine) == ("Windows", "x86_64")
    assert (stamp.configuration, stamp.generator) == ("Release", "Ninja Multi-Config")
    assert list(at_hand) == ["ffi_hello/ffi_hello.dll"]
    assert mismatches(stamp, at_hand) == ()


def test_no_path_of_the_build_is_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read("ffi_hello/ffi_hello.dll")
    for said in (b"drive_c", b"dosdevices", b"/tmp/", b"ex\xc3\xa4mple", b"Temp\\"):
        assert said not in data, said


def test_it_is_called_from_windows_python(lab: Lab, wheel: Path, offered: Path) -> None:
    done = pip(lab, "install", "-q", wheel, "numpy", "pytest", offered=offered)
    assert done.code == 0, done.errors
    tests = windows_path(REPOSITORY / "examples" / "ffi-hello" / "tests")
    done = lab.run(["python", "-m", "pytest", "-q", "-p", "no:cacheprovider", tests], timeout=300)
    assert (done.code, "4 passed" in done.text) == (0, True), done.text + done.errors


PYBIND = {
    "pyproject.toml": """\
[build-system]
requires = ["mlcbuild", "scikit-build-core>=1.1.2", "pybind11"]
build-backend = "scikit_build_core.build"
[project]
name = "stock"
version = "1.0"
[tool.mlcbuild]
""",
    "CMakeLists.txt": """\
cmake_minimum_required(VERSION 3.15...3.30)
project(stock LANGUAGES CXX)
set(PYBIND11_FINDPYTHON ON)
find_package(pybind11 CONFIG REQUIRED)
pybind11_add_module(_core core.cpp)
install(TARGETS _core DESTINATION stock)
""",
    "core.cpp": """\
#include <pybind11/pybind11.h>
#include <stdexcept>
PYBIND11_MODULE(_core, m) {
  m.def("positive", [](int n) { return n > 0 ? n : throw std::invalid_argument("not positive"); });
}
""",
    "stock/__init__.py": "",
}


@pytest.fixture(scope="module")
def at_hand(lab: Lab) -> tuple[Path, ...]:
    """Return the folders of CMake and Ninja, for PATH: pip unpacks none, which takes minutes."""
    install_for_windows(lab, "cmake", "ninja")
    site = lab.environment / "Lib" / "site-packages"
    return site / "cmake" / "data" / "bin", next(site.rglob("ninja.exe")).parent


def test_a_stock_pybind11_project_builds_with_mingw_and_needs_none_of_its_dlls(
    lab: Lab, offered: Path, at_hand: tuple[Path, ...], tmp_path: Path
) -> None:
    project = tmp_path / "stock project"
    for name, text in PYBIND.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    done = pip(lab, "install", "--no-deps", project, offered=offered, path=at_hand)
    assert done.code == 0, done.text + done.errors
    script = "import stock._core as c; print(c.positive(5)); c.positive(-1)"
    ran = lab.run(["python", "-c", script], timeout=120)
    assert ran.text.strip() == "5"
    assert "ValueError: not positive" in ran.errors
