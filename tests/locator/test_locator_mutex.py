"""A constexpr std::mutex on an older msvcp140: who is affected, by which version, and the fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlc_llm._locator.closure import Needed
from mlc_llm._locator.mutex import judge_mutex
from sickdlls import set_linker_version, versioned_dll
from tinydll import build_dll

if TYPE_CHECKING:
    from pathlib import Path


def user(folder: Path, *, linker: tuple[int, int] = (14, 44), initialised: bool = False) -> Needed:
    symbols = ["_Mtx_lock", *(["_Mtx_init_in_situ"] if initialised else [])]
    imports = {"MSVCP140.dll": symbols}
    path = build_dll(folder / "user.dll", exports=["f"], imports=imports, toolchain="lld")
    set_linker_version(path, linker)
    return Needed("user.dll", str(path), "")


def runtime(folder: Path, version: tuple[int, int]) -> str:
    return str(versioned_dll(folder / "msvcp140.dll", (*version, 1, 0), exports=["_Mtx_lock"]))


@pytest.mark.parametrize(
    ("version", "fails"),
    [((14, 29), True), ((14, 34), True), ((14, 37), True), ((14, 38), False), ((14, 40), False)],
)
def test_the_version_of_the_runtime_decides(
    tmp_path: Path, version: tuple[int, int], *, fails: bool
) -> None:
    path = runtime(tmp_path, version)

    verdict = judge_mutex([user(tmp_path), Needed("MSVCP140.dll", path, "")], None)

    assert (verdict is not None) == fails
    if verdict:
        assert (verdict.cause, verdict.culprit) == ("mutex-abi", path)
        assert "user.dll (toolset 14.44)" in verdict.reason
        assert f"{version[0]}.{version[1]}" in verdict.reason


@pytest.mark.parametrize("linker", [(14, 39), (14, 0), (2, 40)])
def test_code_of_an_older_or_another_toolset_is_not_affected(
    tmp_path: Path, linker: tuple[int, int]
) -> None:
    nodes = [user(tmp_path, linker=linker), Needed("msvcp140.dll", runtime(tmp_path, (14, 29)), "")]

    assert judge_mutex(nodes, None) is None


def test_code_that_initialises_its_mutexes_is_not_affected(tmp_path: Path) -> None:
    nodes = [user(tmp_path, initialised=True)]

    assert judge_mutex(nodes, runtime(tmp_path, (14, 29))) is None


def test_the_copy_that_is_loaded_wins_over_the_one_that_would_be_found(tmp_path: Path) -> None:
    new = runtime(tmp_path / "new", (14, 44))
    old = runtime(tmp_path / "old", (14, 29))
    nodes = [user(tmp_path), Needed("msvcp140.dll", new, "")]

    assert judge_mutex(nodes, None) is None
    verdict = judge_mutex(nodes, old)

    assert verdict is not None
    assert verdict.culprit == old
    assert verdict.fix.startswith("import mlc_llm before")


def test_the_fix_in_a_conda_environment_is_condas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conda-meta").mkdir()
    monkeypatch.setattr("sys.prefix", str(tmp_path))

    verdict = judge_mutex([user(tmp_path)], runtime(tmp_path, (14, 29)))

    assert verdict is not None
    assert verdict.fix == 'conda install -c conda-forge "vc14_runtime>=14.40"'


def test_the_fix_for_the_systems_copy_is_the_redistributable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYSTEMROOT", str(tmp_path))
    path = runtime(tmp_path / "System32", (14, 29))

    verdict = judge_mutex([user(tmp_path), Needed("msvcp140.dll", path, "")], None)

    assert verdict is not None
    assert verdict.fix.startswith("winget install --id Microsoft.VCRedist")
