from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import Any

import pytest
from mlcbuild.cli import COMMANDS
from mlcbuild.codes import CODES, EXIT_CODES, Code
from mlcbuild.doctor.checks import CHECKS
from mlcbuild.explain import explain
from mlcbuild.explain.catalogue import FILES, Symptom, read_symptoms
from mlcbuild.explain.fragment import LOOSE, Fragment
from mlcbuild.explain.loglines import normalised

#: Every field of a row, with the type of its value.
FIELDS: dict[str, type] = {
    "id": str,
    "title": str,
    "text": list,
    "also": list,
    "unless": list,
    "over": list,
    "meaning": str,
    "causes": list,
    "run": str,
    "sources": list,
    "example": str,
    "generic": bool,
}
OPTIONAL = frozenset({"also", "unless", "over", "generic"})
ROWS = read_symptoms()


def entries() -> list[dict[str, Any]]:
    folder = files("mlcbuild.explain").joinpath("data")
    tables = [tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8")) for name in FILES]
    return [entry for table in tables for entry in table["symptom"]]


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry["id"])
def test_a_row_has_every_field_and_no_other(entry: dict[str, Any]) -> None:
    assert set(entry) - OPTIONAL == set(FIELDS) - OPTIONAL
    for field, value in entry.items():
        assert isinstance(value, FIELDS[field]), field
        assert value, field
        if isinstance(value, list):
            assert all(isinstance(item, str) and item.strip() == item for item in value), field


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry["id"])
def test_fragments_are_written_as_they_are_compared(entry: dict[str, Any]) -> None:
    for field in ("text", "also", "unless"):
        texts = entry.get(field, [])
        assert [normalised(fragment) for fragment in texts] == texts
        assert all(len(fragment) > 3 for fragment in texts)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry["id"])
def test_what_a_row_repeats_is_in_each_of_its_fragments(entry: dict[str, Any]) -> None:
    said = " ".join([entry["title"], entry["meaning"], entry["run"], *entry["causes"]])
    names = {name.removesuffix("_dotted") for name in re.findall(r"\{(\w+)\}", said)}
    for name in names - {"path", "name", "vcvars", "studio", "edition", "cuda"}:
        assert all(f"<{name}>" in fragment for fragment in entry["text"]), name
        assert name not in LOOSE or f"{{{name}}}" not in entry["run"], "it may hold anything"


def test_what_stands_under_another_row_is_a_row() -> None:
    ids = {row.explanation.id for row in ROWS}
    assert {each for row in ROWS for each in row.over} <= ids


def test_ids_are_unique() -> None:
    ids = [row.explanation.id for row in ROWS]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.explanation.id)
def test_its_example_finds_a_row_before_any_code(row: Symptom) -> None:
    found = [each.id for each in explain(row.example).explanations if each.kind == "symptom"]
    assert found[0] == row.explanation.id
    if not row.explanation.generic:
        assert explain(row.example).explanations[0].kind == "symptom"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.explanation.id)
def test_any_fragment_with_its_evidence_finds_its_row(row: Symptom) -> None:
    evidence = "\n".join(f"({written(also)})" for also in row.also[:1])
    for fragment in row.text:
        if any(Fragment(each).search(written(fragment)) for each in row.unless):
            continue
        text = f"some words before {written(fragment)} and after\n{evidence}"
        assert row.explanation.id in [each.id for each in explain(text).explanations], fragment


def written(fragment: str) -> str:
    """Return a text that holds a fragment."""
    text = re.sub(r"<(?:file|symbol)>", "some/thing else", fragment.strip("*"))
    return re.sub(r"<\w+>", "312", text).replace(" ... ", " what stands between ")


def exists(command: str) -> bool:
    """Return whether a command of mlcbuild, and the check that it names, is there."""
    words = command.split()
    if words[0] != "mlcbuild":
        return True
    known = {*CHECKS, *(check_id for ids in CHECKS.values() for check_id in ids)}
    only = words[words.index("--only") + 1] if "--only" in words else next(iter(known))
    return words[1] in COMMANDS and set(only.split(",")) <= known


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.explanation.id)
def test_a_command_is_one_that_cmd_and_powershell_both_take(row: Symptom) -> None:
    run = row.explanation.run
    commands = [line.split(": ", 1)[-1] for line in run.splitlines()]
    if row.explanation.id in SHELL_ONLY or run.startswith(("{set ", "{unset ")):
        return  # spelt for each shell by doctor.shell
    for command in commands:
        outside = re.sub(r'"[^"]*"', "QUOTED", command)
        assert not re.search(r"%\w+%|&|[<>|;^]", outside), "cmd reads it"
        # PowerShell: $, @, braces and commas mean something, and -a=1.2 becomes two words
        assert not re.search(r"[$`@(){},']", re.sub(r"\{\w+\}", "", outside))
        assert not [word for word in outside.split() if re.match(r"-[A-Za-z].*\.", word)]
        assert not re.match(r"set |\$env:|export |source ", command)


#: Rows of another shell: Git Bash.
SHELL_ONLY = {"msys-path-conversion"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.explanation.id)
def test_what_a_symptom_says_to_run_is_a_command_that_there_is(row: Symptom) -> None:
    assert exists(row.explanation.run)


@pytest.mark.parametrize("code", [*CODES, *EXIT_CODES], ids=lambda code: code.name)
def test_what_a_code_says_to_run_is_a_command_that_there_is(code: Code) -> None:
    assert exists(code.run)
    assert exists(code.without_path)


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
