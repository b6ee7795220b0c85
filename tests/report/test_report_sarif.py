from __future__ import annotations

import json
from dataclasses import replace

import pytest
from check_report import finding, full_report, wheel_target
from mlcbuild.report import as_sarif
from mlcbuild.report.result import Report
from mlcbuild.rules import RULE_IDS
from pydantic import ValidationError
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif


def test_the_log_satisfies_the_models_generated_from_the_official_schema() -> None:
    Sarif.model_validate_json(as_sarif.render(full_report()))


def test_those_models_refuse_a_wrong_log() -> None:
    log = as_sarif.table(full_report())
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(ValidationError):
        Sarif.model_validate_json(json.dumps(log))


def test_every_rule_is_described_and_every_result_points_to_its_rule() -> None:
    (run,) = as_sarif.table(full_report())["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(RULE_IDS)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note"]


def test_an_unreadable_target_makes_the_execution_unsuccessful() -> None:
    (run,) = as_sarif.table(full_report())["runs"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 3
    assert invocation["toolExecutionNotifications"][0]["message"]["text"].startswith("no such file")


def test_names_become_valid_uris() -> None:
    report = Report(targets=(wheel_target(finding(), name="mit leer\\ä.whl"),))
    (result,) = as_sarif.table(report)["runs"][0]["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "mit%20leer/%C3%A4.whl"
    Sarif.model_validate_json(as_sarif.render(report))


def test_fingerprints_tell_findings_apart_and_stay_the_same_between_runs() -> None:
    def prints() -> list[str]:
        results = as_sarif.table(full_report())["runs"][0]["results"]
        return [result["partialFingerprints"]["finding/v1"] for result in results]

    assert prints() == prints()
    assert len(set(prints())) == 3


def test_the_address_has_the_folder_that_the_user_named() -> None:
    target = replace(wheel_target(finding()), spec="dist/pkg-1.0-py3-none-win_amd64.whl")
    log = as_sarif.table(Report(targets=(target,)))
    (artifact,) = log["runs"][0]["artifacts"]
    (result,) = log["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact["location"]["uri"] == "dist/pkg-1.0-py3-none-win_amd64.whl"
    assert place["uri"] == artifact["location"]["uri"]


def test_a_file_name_that_is_no_text_is_still_an_address() -> None:
    log = as_sarif.table(Report(targets=(wheel_target(finding(), name="bad\udcff.whl"),)))
    (artifact,) = log["runs"][0]["artifacts"]
    assert artifact["location"]["uri"].isascii()
