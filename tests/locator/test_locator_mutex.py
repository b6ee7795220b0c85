"""A constexpr std::mutex on an older msvcp140: who is affected, by which version, and the fix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mlc_llm._locator import Host
from mlc_llm._locator.explain import explain
from mlc_llm._locator.mutex import judge_mutex, old_runtime
from mlc_llm._locator.search import Needed, Search
from sickdlls import set_linker_version, versioned_dll
from tinydll import build_dll

if TYPE_CHECKING:
    from mlc_llm._locator.judge import Verdict

WINDOWS = Host("windows", "x86_64")


def judged(nodes: list[Needed], loaded: str | None) -> Verdict | None:
    """Judge ``nodes`` in a process that has loaded a msvcp140.dll, or none."""
    if loaded is None:
        return judge_mutex(nodes, Search(WINDOWS))
    others = [node for node in nodes if node.name.lower() != "msvcp140.dll"]
    search = Search(WINDOWS, loaded={"msvcp140.dll": loaded})
    return judge_mutex([*others, Needed("msvcp140.dll", loaded, "")], search)


def user(folder: Path, *, linker: tuple[int, int] = (14, 44), initialised: bool = False) -> Needed:
    symbols = ["_Mtx_lock", *(["_Mtx_init_in_situ"] if initialised else [])]
    imports = {"MSVCP140.dll": symbols}
    path = build_dll(folder / "user.dll", exports=["f"], imports=imports, toolchain="lld")
    set_linker_version(path, linker)
    return Needed("user.dll", str(path), "")


def runtime(folder: Path, version: tuple[int, int]) -> str:
    return str(versioned_dll(folder / "msvcp140.dll", (*version, 1, 0), exports=["_Mtx_lock"]))


def stamped(
    site: Path, *, constexpr: bool | None, linker: tuple[int, int] = (14, 44), size: int = 0
) -> Needed:
    """Lay out ``mlc_llm/lib/user.dll`` and the stamp that the gate writes above it."""
    package = site / "mlc_llm"
    (package / "lib").mkdir(parents=True)
    needed = user(package / "lib", linker=linker)
    file = {"path": "lib/user.dll", "size": size or (package / "lib" / "user.dll").stat().st_size}
    stamp: dict[str, Any] = {"constexpr_mutex": constexpr, "minimum_msvcp140": "14.44"}
    (package / "_build.json").write_text(json.dumps({**stamp, "files": [file]}), encoding="utf-8")
    return needed


def test_a_build_that_initialises_its_mutexes_is_not_accused(tmp_path: Path) -> None:
    nodes = [stamped(tmp_path, constexpr=False)]

    assert judged(nodes, runtime(tmp_path, (14, 29))) is None


@pytest.mark.parametrize("linker", [(14, 44), (14, 0)])
def test_a_build_with_constexpr_mutexes_is_accused_with_the_version_that_it_needs(
    tmp_path: Path, linker: tuple[int, int]
) -> None:
    nodes = [stamped(tmp_path, constexpr=True, linker=linker)]

    verdict = judged(nodes, runtime(tmp_path, (14, 29)))

    assert verdict is not None
    assert verdict.cause == "mutex-abi"
    assert verdict.reason.endswith("msvcp140.dll 14.29.1.0 crashes on it: needed is 14.44 or newer")
    assert judged(nodes, runtime(tmp_path / "new", (14, 44))) is None


@pytest.mark.parametrize(
    ("constexpr", "cause"), [(True, "mutex-abi"), (False, "init-failed"), (None, "mutex-abi")]
)
def test_a_failed_load_is_explained_as_the_stamp_says(
    tmp_path: Path, *, constexpr: bool | None, cause: str
) -> None:
    path = stamped(tmp_path, constexpr=constexpr).path
    assert path
    old = runtime(tmp_path / "mlc_llm" / "lib", (14, 29))
    Path(old).rename(tmp_path / "mlc_llm" / "lib" / "MSVCP140.dll")  # as imported: case counts here
    error = OSError("a dynamic link library (DLL) initialization routine failed")
    error.winerror = 1114  # type: ignore[attr-defined]

    found = explain(error, path, WINDOWS, search=Search(WINDOWS))

    assert (found.cause, found.winerror) == (cause, 1114)
    assert ("14.44 or newer" in str(found)) == (constexpr is not False)


@pytest.mark.parametrize(("linker", "accused"), [((14, 44), True), ((14, 0), False)])
def test_a_stamp_that_does_not_know_leaves_it_to_the_image(
    tmp_path: Path, linker: tuple[int, int], *, accused: bool
) -> None:
    nodes = [stamped(tmp_path, constexpr=None, linker=linker)]

    assert (judged(nodes, runtime(tmp_path, (14, 29))) is not None) == accused


def test_the_stamp_speaks_for_the_file_that_was_built_alone(tmp_path: Path) -> None:
    other = [stamped(tmp_path, constexpr=False, size=7)]

    verdict = judged(other, runtime(tmp_path, (14, 29)))

    assert verdict is not None
    assert "user.dll (toolset 14.44)" in verdict.reason


def test_a_neighbour_without_a_stamp_is_accused_all_the_same(tmp_path: Path) -> None:
    ours = stamped(tmp_path / "ours", constexpr=False)
    theirs = user(tmp_path / "theirs")

    verdict = judged([ours, theirs], runtime(tmp_path, (14, 29)))

    assert verdict is not None
    assert "needed is 14.40 or newer" in verdict.reason


@pytest.mark.parametrize(("constexpr", "words"), [(False, "does not crash"), (None, "is older")])
def test_a_runtime_below_the_minimum_of_the_stamp_is_noted(
    tmp_path: Path, *, constexpr: bool | None, words: str
) -> None:
    used = runtime(tmp_path, (14, 29))
    stamp = {"constexpr_mutex": constexpr, "minimum_msvcp140": "14.44"}

    note = old_runtime(used, stamp)

    assert words in note
    assert "older than 14.44" in note
    assert old_runtime(used, {"minimum_msvcp140": "14.28"}) == ""
    assert old_runtime(used, {}) == ""


@pytest.mark.parametrize(
    ("version", "fails"),
    [((14, 29), True), ((14, 34), True), ((14, 37), True), ((14, 38), False), ((14, 40), False)],
)
def test_the_version_of_the_runtime_decides(
    tmp_path: Path, version: tuple[int, int], *, fails: bool
) -> None:
    path = runtime(tmp_path, version)

    verdict = judged([user(tmp_path), Needed("MSVCP140.dll", path, "")], None)

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

    assert judged(nodes, None) is None


def test_code_that_initialises_its_mutexes_is_not_affected(tmp_path: Path) -> None:
    nodes = [user(tmp_path, initialised=True)]

    assert judged(nodes, runtime(tmp_path, (14, 29))) is None


def test_the_copy_that_is_loaded_wins_over_the_one_that_would_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = runtime(tmp_path / "new", (14, 44))
    old = runtime(tmp_path / "old", (14, 29))
    nodes = [user(tmp_path), Needed("msvcp140.dll", new, "")]

    monkeypatch.setattr("mlc_llm._locator.runtimes.loaded_module", lambda _: old)

    assert judged(nodes, None) is None
    verdict = judged(nodes, old)

    assert verdict is not None
    assert verdict.culprit == old
    assert verdict.fix.startswith("import mlc_llm before")


def test_the_fix_in_a_conda_environment_is_condas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conda-meta").mkdir()
    monkeypatch.setattr("sys.prefix", str(tmp_path))

    verdict = judged([user(tmp_path)], runtime(tmp_path, (14, 29)))

    assert verdict is not None
    assert verdict.fix == 'conda install -c conda-forge "vc14_runtime>=14.40"'


def test_the_fix_for_the_systems_copy_is_the_redistributable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYSTEMROOT", str(tmp_path))
    path = runtime(tmp_path / "System32", (14, 29))

    verdict = judged([user(tmp_path), Needed("msvcp140.dll", path, "")], None)

    assert verdict is not None
    assert verdict.fix.startswith("winget install --id Microsoft.VCRedist")
