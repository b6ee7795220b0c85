from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from mlc_llm._locator import Host
from mlc_llm._locator.choose import candidates, choose
from mlc_llm._locator.errors import LibraryLoadError, LibraryNotFoundError
from mlc_llm._locator.explain import explain
from mlc_llm._locator.faults import first_fault
from mlc_llm._locator.search import Search
from pefactory import make_pe
from windowsinstall import mark_as_ours

if TYPE_CHECKING:
    from pathlib import Path

#: An API set is Windows' own: it is there wherever the tests run.
CRT = "api-ms-win-crt-heap-l1-1-0.dll"
WINDOWS = Host(system="windows", machine="x86_64")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "mlc_llm"
    (folder / "lib").mkdir(parents=True)
    return folder


def put(path: Path, *, machine: str = "x86_64", needs: str = CRT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(make_pe(machine=machine, imports={needs: ["f"]}))
    return mark_as_ours(path)


def test_takes_the_library_of_the_installed_package(package: Path) -> None:
    library = put(package / "lib" / "mlc_llm.dll")

    assert choose("mlc_llm", WINDOWS, {}, package=package).path == str(library)


def test_maps_upstreams_second_name_to_the_one_library(package: Path) -> None:
    library = put(package / "lib" / "mlc_llm.dll")

    assert choose("mlc_llm_module", WINDOWS, {}, package=package).path == str(library)


@pytest.mark.parametrize("form", ["file", "folder"])
def test_an_explicit_file_or_folder_beats_the_installed_one(package: Path, form: str) -> None:
    put(package / "lib" / "mlc_llm.dll")
    named = put(package.parent / "mine" / "mlc_llm.dll")
    value = str(named if form == "file" else named.parent)

    assert choose("mlc_llm", WINDOWS, {"MLC_LIBRARY_PATH": value}, package=package).path == str(
        named
    )


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"not a library", "not-a-pe"),
        (make_pe(machine="x86"), "wrong-machine"),
        (make_pe(imports={"ucrtbased.dll": ["f"]}), "debug-crt"),
        (b"\x7fELF" + bytes(9), "not-a-pe"),
        (None, "absent"),
    ],
)
def test_a_bad_explicit_library_is_an_error_and_not_passed_over(
    package: Path, content: bytes | None, cause: str
) -> None:
    put(package / "lib" / "mlc_llm.dll")
    named = package.parent / "mine.dll"
    if content is not None:
        named.write_bytes(content)

    with pytest.raises(LibraryLoadError) as caught:
        choose("mlc_llm", WINDOWS, {"MLC_LIBRARY_PATH": str(named)}, package=package)

    assert caught.value.cause == cause
    assert caught.value.path == str(named)
    assert "MLC_LIBRARY_PATH" in str(caught.value)


def test_a_release_build_is_taken_and_the_debug_one_before_it_is_not(package: Path) -> None:
    source = package.parent / "source"
    put(source / "build" / "mlc_llm.dll", needs="MSVCP140D.dll")
    release = put(source / "build" / "Release" / "mlc_llm.dll")

    assert choose(
        "mlc_llm", WINDOWS, {"MLC_LLM_SOURCE_DIR": str(source)}, package=package
    ).path == str(release)


def test_a_debug_build_alone_is_refused_with_its_reason(package: Path) -> None:
    put(package / "lib" / "mlc_llm.dll", needs="MSVCP140D.dll")

    with pytest.raises(LibraryNotFoundError) as caught:
        choose("mlc_llm", WINDOWS, {}, package=package)

    assert caught.value.cause == "debug-crt"
    assert "MSVCP140D.dll" in str(caught.value)
    assert "Release" in caught.value.fix


def test_a_debug_build_is_taken_where_it_is_allowed_and_it_is_said(package: Path) -> None:
    library = put(package / "lib" / "mlc_llm.dll", needs="MSVCP140D.dll")

    with pytest.warns(RuntimeWarning, match="Debug build"):
        chosen = choose("mlc_llm", WINDOWS, {"MLC_ALLOW_DEBUG": "1"}, package=package)

    assert chosen.path == str(library)


def test_path_is_never_searched(package: Path) -> None:
    stray = put(package.parent / "bin" / "mlc_llm.dll")

    with pytest.raises(LibraryNotFoundError):
        choose("mlc_llm", WINDOWS, {"PATH": str(stray.parent)}, package=package)


def test_an_absent_library_is_both_upstreams_and_the_systems_error(package: Path) -> None:
    with pytest.raises(RuntimeError) as caught:
        choose("mlc_llm", WINDOWS, {}, package=package)

    assert isinstance(caught.value, OSError)
    assert len(str(caught.value).splitlines()) <= 12


def test_a_library_of_another_size_than_stamped_is_refused(package: Path) -> None:
    library = put(package / "lib" / "mlc_llm.dll")
    stamp = {"files": [{"path": "mlc_llm/lib/mlc_llm.dll", "size": library.stat().st_size + 1}]}
    (package / "_build.json").write_text(json.dumps(stamp), encoding="utf-8")

    (candidate,) = candidates("mlc_llm", WINDOWS, {}, package=package)

    assert candidate.verdict.cause == "stamp-mismatch"


def test_the_walk_of_imports_names_importer_and_missing_leaf(tmp_path: Path) -> None:
    top = put(tmp_path / "top.dll", needs="mid.dll")
    mid = put(tmp_path / "other" / "mid.dll", needs="leaf.dll")

    fault = first_fault(str(top), Search(WINDOWS, [str(mid.parent)]))

    assert fault is not None
    assert (fault.cause, fault.culprit) == ("missing-dll", "leaf.dll")
    assert fault.reason.startswith("mid.dll needs leaf.dll")


def test_the_walk_of_imports_takes_no_api_set_for_missing(tmp_path: Path) -> None:
    put(tmp_path / "top.dll", needs="api-ms-win-crt-heap-l1-1-0.dll")

    assert first_fault(str(tmp_path / "top.dll"), Search(WINDOWS)) is None


@pytest.mark.parametrize(
    ("winerror", "cause"), [(126, "missing-dll"), (127, "missing-export"), (1114, "init-failed")]
)
def test_a_number_of_windows_becomes_a_cause(tmp_path: Path, winerror: int, cause: str) -> None:
    # For 126 ctypes raises an error without the number.
    error = FileNotFoundError("could not find") if winerror == 126 else OSError("no")
    if winerror != 126:
        error.winerror = winerror  # type: ignore[attr-defined]

    library = put(tmp_path / "a.dll", needs="VCRUNTIME140.dll")

    explained = explain(error, str(library), WINDOWS, search=Search(WINDOWS, [str(tmp_path)]))

    assert (explained.cause, explained.winerror) == (cause, winerror)
    assert f"WinError {winerror}" in str(explained)
    if winerror == 126:
        assert explained.culprit == "VCRUNTIME140.dll"
