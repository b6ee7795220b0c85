"""The root pyproject.toml, the lock and upstream must tell the same story."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from mlcbuild.build.project import read_project
from mlcbuild.sources.lock import GitOrigin, Lock, PypiOrigin, load

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

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
    assert upstream == "0.20.0.dev0"
    assert local.endswith(f".g{mlc.commit[:8]}")
    assert local.startswith("tvm0.26.0")


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


def test_fetched_sources_are_not_in_the_sdist(pyproject: dict[str, Any]) -> None:
    patterns = pyproject["tool"]["scikit-build"]["sdist"]["include"]
    assert not [p for p in patterns if p.startswith("3rdparty/") and not p.endswith(".toml")]
