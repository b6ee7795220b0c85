"""What a failed load is explained with: tables, versions, what a child process told."""

from __future__ import annotations

import contextlib
import os
import random
from pathlib import Path

import pytest
from mlc_llm._locator import Host
from mlc_llm._locator.errors import LibraryLoadError
from mlc_llm._locator.explain import explain
from mlc_llm._locator.faults import first_fault
from mlc_llm._locator.image import NotAnImageError
from mlc_llm._locator.petables import file_version, read_tables
from mlc_llm._locator.search import Search
from mlc_llm._locator.triage import Guilty, find_guilty, leaves_first
from sickdlls import SICK, make, mend, versioned_dll
from tinydll import build_dll

WINDOWS = Host("windows", "x86_64")


def windows_error(number: int) -> OSError:
    if number == 126:  # ctypes raises an error that has lost the number
        return FileNotFoundError("Could not find module (or one of its dependencies)")
    error = OSError("a sentence in the language of the user")
    error.winerror = number  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    "name",
    [s.name for s in SICK.values() if s.winerror in (126, 127, 182, 193)],
)
def test_windows_own_answer_is_explained_from_the_files(tmp_path: Path, name: str) -> None:
    sick = SICK[name]
    top = make(name, tmp_path)

    found = explain(windows_error(sick.winerror or 0), str(top), WINDOWS, search=Search(WINDOWS))
    mend(name, tmp_path)

    culprit = "top.dll" if sick.culprit == "top" else sick.culprit
    assert (found.cause, found.winerror) == (sick.cause, sick.winerror)
    assert Path(found.culprit).name == culprit
    assert sick.symbol.removeprefix("#") in str(found)
    assert first_fault(str(top), Search(WINDOWS)) is None


def test_a_path_beyond_windows_limit_is_the_cause_where_nothing_else_is(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a folder of many characters"] * 10)
    top = make("healthy", deep)

    found = explain(windows_error(126), str(top), WINDOWS, search=Search(WINDOWS))

    assert found.cause == "path-too-long"
    assert str(len(str(top))) in found.reason


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0xC00000FD, "overflows the stack"),
        (0xC0000005, "crashes (access violation"),
        (0xC000001D, "an instruction that this processor does not have"),
        (0xC0000409, "fail-fast"),
        (3, "ends the process with exit code 3"),
    ],
)
def test_the_end_of_a_child_tells_what_an_initialiser_did(code: int, words: str) -> None:
    guilty = Guilty("leaf.dll")
    guilty.exit_code = code

    assert words in guilty.did()


def test_a_crash_in_another_module_is_said_to_be_there() -> None:
    guilty = Guilty("leaf.dll")
    guilty.exception, guilty.module = 0xC0000005, "C:\\Windows\\System32\\MSVCP140.dll"

    if os.name == "nt":
        assert guilty.did().endswith("in MSVCP140.dll")
    assert "access violation" in guilty.did()


def test_the_child_is_a_python_even_inside_another_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.executable", "/programs/editor.exe")
    monkeypatch.setattr("sys.base_prefix", "/programs/runtime")

    # Windows names the error and not the program.
    with pytest.raises(FileNotFoundError, match=r"programs/runtime/python\.exe|WinError 2"):
        find_guilty(["a.dll"], [])


@pytest.mark.skipif(os.name == "nt", reason="the child does its work there")
def test_a_child_that_ends_before_it_loads_anything_is_no_all_clear() -> None:
    with pytest.raises(OSError, match="ended with exit code 1 before it loaded anything"):
        find_guilty(["a.dll"], [])


def test_leaves_come_before_what_needs_them_and_a_cycle_ends() -> None:
    needed = {"top": ["mid", "leaf"], "mid": ["leaf", "top"], "leaf": []}

    assert leaves_first(["top", "mid", "leaf"], needed) == ["leaf", "mid", "top"]


def test_tables_hold_every_import_export_and_version(tmp_path: Path) -> None:
    path = versioned_dll(
        tmp_path / "a.dll",
        (14, 29, 30139, 7),
        exports=["f", "g @9"],
        imports={"leaf.dll": ["one", 77], "KERNEL32.dll": ["Sleep"]},
    )

    tables = read_tables(str(path))

    assert tables.imports() == {"leaf.dll": [77, "one"], "KERNEL32.dll": ["Sleep"]}
    assert "f" in tables.exports()
    assert 9 in tables.exports()
    assert "h" not in tables.exports()
    assert file_version(str(path)) == (14, 29, 30139, 7)


def test_a_32_bit_image_has_the_same_tables(tmp_path: Path) -> None:
    path = build_dll(tmp_path / "a.dll", exports=["f"], imports={"x.dll": ["s"]}, machine="x86")

    assert read_tables(str(path)).imports()["x.dll"] == ["s"]
    assert "f" in read_tables(str(path)).exports()


def test_every_truncation_and_damage_of_an_image_is_refused_or_read(tmp_path: Path) -> None:
    imports = {"leaf.dll": ["one", 77]}
    path = versioned_dll(tmp_path / "a.dll", (1, 2, 3, 4), exports=["f"], imports=imports)
    whole = path.read_bytes()
    drawn = random.Random(6)  # the same damage in every run
    damaged = [whole[:length] for length in range(0, len(whole), 41)]
    for _ in range(300):
        copy = bytearray(whole)
        for _ in range(3):
            copy[drawn.randrange(0x40, 0x400)] = drawn.randrange(256)
        damaged.append(bytes(copy))

    for number, data in enumerate(damaged):
        # Its own file each: Windows refuses to write one that is still mapped.
        path = tmp_path / f"{number}.dll"
        path.write_bytes(data)
        with contextlib.suppress(NotAnImageError):
            tables = read_tables(str(path))
            tables.imports()
            tables.exports()
            tables.version()


def test_a_message_never_exceeds_twelve_lines() -> None:
    error = LibraryLoadError(
        "one\ntwo\nthree",
        path="a.dll",
        culprit="b.dll",
        cause="missing-dll",
        fix="do",
        details=tuple(f"detail {number}" for number in range(40)),
    )

    lines = str(error).splitlines()
    assert len(lines) == 12
    assert "and 35 more" in lines[-3]
