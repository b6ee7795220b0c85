from __future__ import annotations

import sys
from importlib.resources import files
from typing import Any

import pytest
from mlcbuild.cli import COMMANDS
from mlcbuild.codes import CODES, Code
from mlcbuild.doctor.checks import CHECKS
from mlcbuild.explain import explain
from mlcbuild.explain.catalogue import FIELDS, FILES, Symptom, normalised, read_symptoms

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROWS = read_symptoms()


def entries() -> list[dict[str, Any]]:
    folder = files("mlcbuild.explain").joinpath("data")
    tables = [tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8")) for name in FILES]
    return [entry for table in tables for entry in table["symptom"]]


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry["id"])
def test_a_row_has_every_field_and_no_other(entry: dict[str, Any]) -> None:
    assert set(entry) - {"generic"} == set(FIELDS) - {"generic"}
    for field, value in entry.items():
        assert isinstance(value, FIELDS[field]), field
        assert value, field
        if isinstance(value, list):
            assert all(isinstance(item, str) and item.strip() == item for item in value), field


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry["id"])
def test_fragments_are_written_as_they_are_compared(entry: dict[str, Any]) -> None:
    assert [normalised(fragment) for fragment in entry["text"]] == entry["text"]
    assert all(len(fragment) > 3 for fragment in entry["text"])


def test_ids_are_unique() -> None:
    ids = [row.explanation.id for row in ROWS]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.explanation.id)
def test_its_example_finds_a_row_before_any_code(row: Symptom) -> None:
    found = [each.id for each in explain(row.example).explanations if each.kind == "symptom"]
    assert row.explanation.id in found[:2]
    if not row.explanation.generic:
        assert explain(row.example).explanations[0].kind == "symptom"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.explanation.id)
def test_any_fragment_alone_finds_its_row(row: Symptom) -> None:
    for fragment in row.text:
        text = f"some words before {fragment.replace(' ... ', ' what stands between ')} and after"
        assert row.explanation.id in [each.id for each in explain(text).explanations], fragment


def exists(command: str) -> bool:
    """Return whether a command of mlcbuild, and the check that it names, is there."""
    words = command.split()
    if words[0] != "mlcbuild":
        return True
    known = {*CHECKS, *(check_id for ids in CHECKS.values() for check_id in ids)}
    only = words[words.index("--only") + 1] if "--only" in words else next(iter(known))
    return words[1] in COMMANDS and only in known


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.explanation.id)
def test_what_a_symptom_says_to_run_is_a_command_that_there_is(row: Symptom) -> None:
    assert exists(row.explanation.run)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_what_a_code_says_to_run_is_a_command_that_there_is(code: Code) -> None:
    assert exists(code.run)


def test_every_code_has_a_meaning_a_cause_and_a_source() -> None:
    assert len({code.number for code in CODES}) == len(CODES)
    assert all(code.meaning and code.causes and code.run and code.sources for code in CODES)


def test_lines_of_a_healthy_build_show_no_symptom() -> None:
    healthy = """\
    -- The CXX compiler identification is MSVC 19.44.35209.0
    -- Check for working CXX compiler: C:/VS/VC/Tools/MSVC/14.44/bin/Hostx64/x64/cl.exe - skipped
    -- Configuring done (4.1s)
    [126/193] Building CXX object tvm/CMakeFiles/tvm_runtime.dir/Release/src/runtime/module.cc.obj
    [193/193] Linking CXX shared library bin/mlc_llm.dll
    Successfully built mlc_llm-0.20-py3-none-win_amd64.whl
    Successfully installed mlc-llm-0.20 apache-tvm-0.26.0
    """
    assert explain(healthy).explanations == ()
