"""The root pyproject.toml, the lock and upstream must tell the same story."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from mlcbuild.builder.project import read_project
from mlcbuild.sources.lock import GitOrigin, Lock, PypiOrigin, load

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lock() -> Lock:
    return load(ROOT / "3rdparty" / "sources.toml")


def origin_of(lock: Lock, name: str) -> GitOrigin | PypiOrigin:
    return next(c.origin for c in lock.components if c.name == name)


def test_the_version_names_the_pins_it_is_built_from(pyproject: dict[str, Any], lock: Lock) -> None:
    upstream, local = pyproject["project"]["version"].split("+")
    mlc = origin_of(lock, "mlc-llm")
    assert isinstance(mlc, GitOrigin)
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", upstream)
    assert local.endswith(f".g{mlc.commit[:8]}")
    options = (ROOT / "cmake" / "Options.cmake").read_text(encoding="utf-8")
    named = re.search(r'MLCBUILD_TVM_VERSION\s+"(.+?)"', options)
    assert named is not None
    assert local.startswith(f"tvm{named[1]}.")


def test_the_linked_tvm_ffi_is_the_one_whose_headers_are_compiled(
    pyproject: dict[str, Any], lock: Lock
) -> None:
    ffi = origin_of(lock, "tvm-ffi")
    assert isinstance(ffi, PypiOrigin)
    pin = f"apache-tvm-ffi=={ffi.version}"
    assert pin in pyproject["build-system"]["requires"]
    assert pin in pyproject["project"]["dependencies"]


def test_the_compilers_release_is_the_runtimes(pyproject: dict[str, Any]) -> None:
    options = (ROOT / "cmake" / "Options.cmake").read_text(encoding="utf-8")
    (version,) = re.findall(r'MLCBUILD_TVM_VERSION\s+"([^"]+)"', options)
    assert f"apache-tvm=={version}" in pyproject["project"]["dependencies"]


def test_the_policy_applies_and_tvm_ffi_is_declared_as_brought_by_its_own_wheel() -> None:
    project = read_project(ROOT)
    assert project.opted_in
    assert project.stamp_dir == "mlc_llm"
    assert project.companions == {"apache-tvm-ffi": ("tvm_ffi",)}


def test_the_sdist_holds_the_superbuild_and_nothing_that_is_fetched_or_made(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for name in ("cmake", "python", "3rdparty/patches"):
        shutil.copytree(ROOT / name, checkout / name)
    for path in ("pyproject.toml", "CMakeLists.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / path, checkout)
    for path in (ROOT / "3rdparty").glob("*.toml"):
        shutil.copy(path, checkout / "3rdparty")
    for junk in ("3rdparty/tvm/LICENSE", "3rdparty/tvm/CMakeLists.txt", ".mypy_cache/x", "build/y"):
        (checkout / junk).parent.mkdir(parents=True, exist_ok=True)
        (checkout / junk).write_text("junk", encoding="utf-8")
    command = [sys.executable, "-c", "import mlcbuild.backend as b; b.build_sdist('.')"]
    env = {**os.environ, "PYTHONPATH": str(checkout / "python")}
    subprocess.run(command, cwd=checkout, env=env, check=True, capture_output=True)
    with tarfile.open(next(checkout.glob("*.tar.gz"))) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames() if "/" in name}
    assert {"CMakeLists.txt", "pyproject.toml", "3rdparty/sources.toml"} <= names
    assert "python/mlcbuild/cmake/policy.cmake" in names
    assert "python/mlc_llm/libinfo.py" in names
    assert not [n for n in names if "junk" in n or n.startswith(("3rdparty/tvm/", ".", "build"))]


def test_the_licence_expression_covers_every_component(
    pyproject: dict[str, Any], lock: Lock
) -> None:
    granted = set(pyproject["project"]["license"].split(" AND "))
    # The free SDK makes wheels for CI and tests, not to ship.
    components = lock.needed_for("win_amd64").components
    expressions = {c.licence for c in components}
    for expression in expressions:
        for part in expression.replace("/", " OR ").split(" AND "):
            choices = {word.strip(" ()") for word in part.split(" OR ")}
            assert choices & granted, f"{expression} is not covered"
