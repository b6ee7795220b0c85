from __future__ import annotations

import json

import pytest
from mlcbuild.cli import COMMANDS, main
from mlcbuild.codes import CODES, Code, find_code
from mlcbuild.rules import RULE_IDS


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1114", 1114),
        ("WinError 126", 126),
        ("OSError: [WinError 193] %1 is not a valid Win32 application: 'a64.dll'", 193),
        ("0xC0000142", 0xC0000142),
        ("-1073741795", 0xC000001D),
        ("3221225477", 0xC0000005),
        ("process exited with code -1073741819 (0xc0000005)", 0xC0000005),
        ("Command failed at line 126 of 9: [WinError 1114] failed", 1114),
        ("DLL load failed while importing _x: The specified module could not be found.", 126),
        ("line 126: DLL load failed: The specified procedure could not be found.", 127),
        ("FileNotFoundError: Could not find module 'x.dll' (or one of its dependencies).", 126),
        ("A dynamic link library (DLL) initialization routine failed.", 1114),
        ("[WinError 127] The specified module could not be found", 127),
    ],
)
def test_a_code_is_found_in_every_notation(text: str, number: int) -> None:
    code = find_code(text)
    assert code is not None
    assert code.number == number


@pytest.mark.parametrize("text", ["", "nothing", "file126.dll", "99999", "v3.126.1"])
def test_other_texts_hold_no_code(text: str) -> None:
    assert find_code(text) is None


def test_every_code_has_a_meaning_and_a_cause() -> None:
    assert len({code.number for code in CODES}) == len(CODES)
    assert all(code.meaning and code.causes and code.run for code in CODES)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_what_to_run_is_a_command_that_there_is(code: Code) -> None:
    words = code.run.split()
    assert words[0] != "mlcbuild" or words[1] in COMMANDS


def test_explaining_a_code_prints_all_notations_and_causes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["explain", "-1073741502"]) == 0
    out = capsys.readouterr().out
    assert "0xC0000142" in out
    assert "3221225794" in out
    assert "msvcp140" in out


@pytest.mark.parametrize("rule", RULE_IDS)
def test_every_rule_can_be_explained(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", rule]) == 0
    assert capsys.readouterr().out.startswith("rule")


def test_explain_has_a_json_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--json", "mutex-abi"]) == 0
    assert json.loads(capsys.readouterr().out)["rule"] == "mutex-abi"


def test_what_is_neither_rule_nor_code_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "gibberish"]) == 2
    assert "--list-rules" in capsys.readouterr().err
