from __future__ import annotations

import io
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from cost import cost
from mlcbuild.cli import main
from mlcbuild.codes import find_code, known_code
from mlcbuild.explain import explain
from mlcbuild.rules import RULE_IDS

ROOT = Path(__file__).resolve().parents[2]


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
        ("0x8007045A", 1114),
        ("-2147024770", 126),
        ("2147942593", 193),
        ("0xD0000142", 0xC0000142),
        ("Unhandled exception 0xE06D7363 in python.exe at some place", 0xE06D7363),
    ],
)
def test_a_code_is_found_in_every_notation(text: str, number: int) -> None:
    code = find_code(text)
    assert code is not None
    assert code.number == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing",
        "file126.dll",
        "99999",
        "v3.126.1",
        "all 126 of the 193 tests of this run passed",
        "make: *** [all] Error 2 with exit code 5 after 126 s",
    ],
)
def test_other_texts_hold_no_code(text: str) -> None:
    assert find_code(text) is None


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("2250", "ERROR_NOT_CONNECTED"),
        ("0xC00000BB", "STATUS_NOT_SUPPORTED"),
        ("-1073741637", "STATUS_NOT_SUPPORTED"),
        ("0x80004005", "E_FAIL"),
        ("-2147467259", "E_FAIL"),
        ("0x800708CA", "ERROR_NOT_CONNECTED"),
        ("STATUS_NOT_SUPPORTED", "STATUS_NOT_SUPPORTED"),
        ("error_not_connected", "ERROR_NOT_CONNECTED"),
    ],
)
def test_a_code_without_known_causes_still_has_its_name(text: str, title: str) -> None:
    assert known_code(0xC00000BB) is None
    (only,) = explain(text).explanations
    assert only.title == title
    assert only.run.startswith("certutil -error 0x")


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
    assert capsys.readouterr().out.startswith(f"{rule}: ")


@pytest.mark.parametrize("check", ["vc-redist", "link-exe", "cmake"])
def test_every_check_of_the_doctor_can_be_explained(
    check: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", check]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{check}: ")
    assert f"mlcbuild doctor --only {check}" in out


@pytest.mark.parametrize(
    "what",
    ["mutex-abi", "1114", "0xC00000BB", "link: extra operand", "gibberish",
     "OSError: [WinError 126] x: 'C:\\v\\tvm.dll' zstd.dll"],
)  # fmt: skip
def test_the_json_form_follows_its_schema(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads(
        files("mlcbuild.explain").joinpath("schemas", "explain-1.json").read_text(encoding="utf-8")
    )
    code = main(["explain", "--json", what])
    report = json.loads(capsys.readouterr().out)
    jsonschema.validate(report, schema)
    assert code == (0 if report["explanations"] else 1)


def test_what_is_unknown_says_so_and_what_to_try(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "gibberish"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "nothing known about: gibberish" in said.err
    assert "mlcbuild check" in said.err


def piped(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_log_comes_through_stdin_in_any_encoding(
    encoding: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped(monkeypatch, "Übersetze\r\nlink: extra operand 'x'\r\n".encode(encoding))
    assert main(["explain", "-"]) == 0
    assert capsys.readouterr().out.startswith("gnu-link: ")


def test_the_file_of_a_log_can_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build.log").write_bytes("a\r\nlink: extra operand 'x'\r\n".encode("utf-16"))
    assert main(["explain", "build.log"]) == 0  # mlcbuild explain build.log
    out = capsys.readouterr().out
    assert out.startswith("gnu-link: ")
    assert "line 2" in out
    assert main(["explain", "missing.log"]) == 3
    assert "missing.log" in capsys.readouterr().err


def test_a_log_in_a_code_page_of_windows_is_read_in_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        "注意: 包含文件: x.h".encode("gb18030"),
        "x.obj : error LNK2019: 无法解析的外部符号 __std_find_trivial_1".encode("gb18030"),
    ]
    piped(monkeypatch, b"\r\n".join(lines))
    assert main(["explain", "-"]) == 0
    assert capsys.readouterr().out.startswith("newer-stl-symbol: ")


def test_what_is_unknown_names_the_first_line_that_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped(monkeypatch, b"fine\nfrobnicate: error: no gizmo\nother: error: too\n")
    assert main(["explain", "-"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "not known: line 2: frobnicate: error: no gizmo" in said.err


def test_an_empty_stdin_is_wrong_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped(monkeypatch, b" \n")
    assert main(["explain", "-"]) == 2
    assert "stdin" in capsys.readouterr().err


def test_a_log_of_twenty_megabytes_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped(monkeypatch, b"[1/9] Building CXX object a.obj\n" * 600_000 + b"error LNK2038: x\n")
    assert main(["explain", "-"]) == 0
    assert capsys.readouterr().out.startswith("runtime-mix-link: ")


@pytest.mark.parametrize("text", ["", ".cc.obj: warning C4251: 'tvm::X{n}' failed"])
def test_the_cost_grows_with_the_log_and_not_with_its_square(text: str) -> None:
    def explained(lines: int) -> None:
        log = "\n".join(
            f"[{n}/9] Building CXX object src/op{n}{text.format(n=n)}" for n in range(lines)
        )
        assert explain(f"{log}\nx.obj : error LNK2038: mismatch").explanations

    explained(100)  # reads the catalogue
    assert cost(lambda: explained(12_000)) < 10 * cost(lambda: explained(3_000))


def test_a_number_is_explained_without_reading_the_catalogue() -> None:
    code = (
        "import sys; from mlcbuild.cli import main; main(['explain', '1114']);"
        "print([m for m in ('tomllib', 'tomli', 'rich', 'json', 'mlcbuild.rules') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, cwd=ROOT / "python",
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"
