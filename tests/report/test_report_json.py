from __future__ import annotations

import copy
import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from check_report import full_report
from mlcbuild.report import as_json

SCHEMA = json.loads(
    files("mlcbuild.report").joinpath("schemas/check-1.json").read_text(encoding="utf-8")
)


def validate(document: Any) -> None:
    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_json_form_satisfies_the_shipped_schema() -> None:
    validate(json.loads(as_json.render(full_report())))


def test_the_json_form_keeps_the_fixed_contract() -> None:
    document = json.loads(as_json.render(full_report()))
    assert document["schema_version"] == 1
    assert document["tool"]["name"] == "mlcbuild"
    assert document["summary"] == {"errors": 1, "warnings": 1, "notes": 1}
    target = document["targets"][0]
    assert {"name", "kind", "modules", "findings"} <= target.keys()
    user = target["modules"][0]
    assert user["load"] == {
        "verdict": "fails",
        "winerror": 126,
        "chain": ["pkg/user.dll", "mid.dll", "leaf.dll"],
        "reason": "leaf.dll is bad",
    }
    assert {need["name"]: need["from"] for need in user["needs"]} == {
        "mid.dll": "dll-dir",
        "leaf.dll": "missing",
        "kernel32.dll": "system",
    }
    assert target["findings"][0]["rule"] == "missing-dll"


def test_an_unreadable_target_is_an_entry_with_an_error_and_only_that() -> None:
    targets = json.loads(as_json.render(full_report()))["targets"]
    assert [("error" in target) for target in targets] == [False, False, True]
    assert targets[2]["error"] == {"message": "no such file: gone.whl", "fix": "look"}
    assert targets[2]["modules"] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.update(schema_version=2),
        lambda d: d.update(extra=1),
        lambda d: d["summary"].pop("notes"),
        lambda d: d["targets"][0].update(kind="zip"),
        lambda d: d["targets"][0]["modules"][0]["load"].update(winerror=None),
        lambda d: d["targets"][0]["modules"][3]["load"].update(winerror=126),
        lambda d: d["targets"][0]["modules"][0]["needs"][0].update({"from": "path"}),
        lambda d: d["targets"][0]["findings"][0].update(severity="fatal"),
    ],
)
def test_the_schema_refuses_what_the_contract_forbids(spoil: Any) -> None:
    document = copy.deepcopy(json.loads(as_json.render(full_report())))
    spoil(document)
    with pytest.raises(jsonschema.ValidationError):
        validate(document)
