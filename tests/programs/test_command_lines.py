"""Every command line: no abbreviations, no secrets, no escapes in what it says."""

from __future__ import annotations

import argparse
import ast
import http.server
import json
import re
import shlex
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import COMMANDS, _parser, main
from mlcbuild.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
#: Alone in the wheel, without mlcbuild: it says allow_abbrev itself.
OWN = {"python/mlcbuild/commandline.py", "python/mlc_llm/_locator/shown.py"}


def test_every_parser_is_the_one_without_abbreviations() -> None:
    wrong = []
    for folder in ("python", "scripts", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                called = isinstance(node, ast.Call) and ast.unparse(node.func)
                if called in {"argparse.ArgumentParser", "ArgumentParser"} and name not in OWN:
                    wrong.append(f"{name}:{node.lineno}")
    assert wrong == []


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_no_option_can_be_abbreviated(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    sub = _parser([command])[1]
    assert sub is not None
    assert not sub.allow_abbrev
    for action in sub._actions:
        if isinstance(action, argparse._SubParsersAction):
            assert not any(parser.allow_abbrev for parser in action.choices.values())
    with pytest.raises(SystemExit) as ended:
        main([command, "--verb"])
    assert ended.value.code == 2
    capsys.readouterr()


def helps() -> dict[str, argparse.ArgumentParser]:
    """Return the parser of every command and of every action of one, by its words."""
    found = {}
    for command in COMMANDS:
        sub = _parser([command])[1]
        assert sub is not None
        found[command] = sub
        for action in sub._actions:
            if isinstance(action, argparse._SubParsersAction):
                found |= {f"{command} {name}": each for name, each in action.choices.items()}
    return found


HELPS = helps()


@pytest.mark.parametrize("words", sorted(HELPS))
def test_the_help_of_a_command_fits_a_screen(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = HELPS[words].format_help().splitlines()
    assert len(lines) < 40
    assert [line for line in lines if len(line) > 80] == []


def examples() -> list[str]:
    """Return the calls of mlcbuild in every help, without what explains them."""
    found = []
    for parser in HELPS.values():
        text = (parser.epilog or "").partition("examples:")[2]
        for line in text.splitlines():
            if line.startswith("  ") and "mlcbuild " in line:
                call = re.sub(r'^(?:eval|echo).*?\$\((.*?)\)".*', r"\1", line.strip())
                call = re.split(r"\s{2,}| > | \| (?!mlcbuild)", call)[0]
                found.append(call.rpartition("| ")[2])
    return found


@pytest.mark.parametrize("example", examples())
def test_the_examples_of_the_help_are_right(example: str) -> None:
    program, *words = shlex.split(example, posix=True)
    assert program == "mlcbuild"
    parser = _parser(words)[0]
    args = parser.parse_args(words)  # ends the process where an option is not one
    assert args.command in COMMANDS


def test_every_command_has_an_example() -> None:
    without = {name for name, parser in HELPS.items() if " " not in name}
    without -= {example.split()[1] for example in examples()}
    assert without == set()


#: Idea -> its options, and the other names that commands once had for it.
ONE_NAME = {
    "output": {"-w", "--wheel-dir", "--into", "--out", "--report"},
    "timeout": {"--time-limit", "--limit"},
    "with": {"--also"},
    "lab": {"--wine"},
}


#: Names that people script against: they work, and no help shows them.
CONTRACT = {"doctor": {"--report"}, "verify": {"--wine"}}


def test_an_idea_has_one_name_in_all_commands() -> None:
    for name, parser in HELPS.items():
        options = set(parser._option_string_actions) - CONTRACT.get(name, set())
        for idea, others in ONE_NAME.items():
            assert not options & others, f"{name}: use --{idea}"
        assert ("-o" in options) == ("--output" in options), name
        assert ("-j" in options) == ("--jobs" in options), name


def test_names_that_scripts_use_keep_working() -> None:
    assert _parser(["verify"])[0].parse_args(["verify", "x.whl", "--wine"]).lab
    assert _parser(["doctor"])[0].parse_args(["doctor", "--report", "a.md"]).output == Path("a.md")
    for name, options in CONTRACT.items():
        assert [option for option in options if option in HELPS[name].format_help()] == []


@pytest.mark.parametrize(
    ("words", "usage", "said"),
    [
        ("chek x.dll", "mlcbuild [OPTION", "did you mean check?"),
        ("check --jsom x.dll", "mlcbuild check [OPTION", "did you mean --json?"),
        ("check --formt=json x.dll", "mlcbuild check [OPTION", "did you mean --format?"),
        ("check --format jso x.dll", "mlcbuild check [OPTION", "did you mean json?"),
        ("model x --outpt y.so", "mlcbuild model [OPTION", "did you mean --output?"),
        ("lab rum -- python", "mlcbuild lab [OPTION", "did you mean run?"),
        ("lab up --evn x", "mlcbuild lab up", "did you mean --env?"),
        ("check --ignore mutex-abbi x.dll", "", "did you mean mutex-abi?"),
        ("doctor --only toolchian", "", "did you mean toolchain?"),
        ("fetch tvm-fii --lock 3rdparty/sources.toml", "", "did you mean tvm-ffi?"),
        # Nothing is near: no advice.
        ("check --zzzzzz x.dll", "mlcbuild check [OPTION", "unrecognized arguments: --zzzzzz\n"),
        # What stands behind -- is the program's.
        ("lab run --tmeout 5 -- python --jsom", "mlcbuild lab run", "did you mean --timeout?"),
    ],
)
def test_a_mistyped_word_is_answered_with_what_was_meant(
    words: str,
    usage: str,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    try:
        code = main(words.split())
    except SystemExit as ended:
        code = ended.code  # type: ignore[assignment]
    err = capsys.readouterr().err
    assert code == Exit.USAGE
    assert err.startswith(f"usage: {usage}" if usage else "mlcbuild ")
    assert said in err
    assert err.count("error:") == 1


@pytest.mark.parametrize("text", ["0", "-1", "x", "5 apples", "inf", "nan", ""])
@pytest.mark.parametrize("command", ["trace x.dll", "verify x.whl", "lab run -- python"])
def test_a_time_that_is_none_is_one_line(
    command: str, text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "lab" in command:
        monkeypatch.setattr("mlcbuild.cli.lab.up", lambda *_, **__: None)
    words = command.split()
    at = words.index("--") if "--" in words else len(words)
    if command.startswith("trace"):
        words.append("--lab")
    words[at:at] = [f"--timeout={text}"]
    if text == "" and "trace" not in command:
        return  # as if it were not given
    assert main(words) == Exit.USAGE
    assert "--timeout" in capsys.readouterr().err


@pytest.fixture
def server() -> Iterator[str]:
    """Serve a model whose name moves the cursor, and refuse with a reason that does."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"data": [{"id": "m\x1b[2J\x9b1m\u202ex"}]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.send_response(500, "no\x1b[31m \x07way")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


def seen(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    return said.out + said.err


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_bench_prints_neither_password_nor_escapes(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: tuple[str, ...]
) -> None:
    log, out = tmp_path / "log", tmp_path / "out.json"
    words = ["--requests", "2", "--concurrency", "1", "--header", "X-Key: Bearer k3yk3yk3y"]
    words += ["--log", str(log), "--output", str(out), *form]
    assert main(["bench", f"http://user:s3cr3tpw@{server}", *words]) in {1, 3}
    for text in (seen(capsys), log.read_text("utf-8"), out.read_text("utf-8")):
        assert "s3cr3tpw" not in text
        assert "k3yk3yk3y" not in text
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)


def test_a_header_under_an_abbreviation_is_refused_and_not_repeated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--head", "Authorization: Bearer s3cr3tpw", "--log", str(tmp_path / "log")]
    with pytest.raises(SystemExit) as ended:
        main(["bench", "http://127.0.0.1:9", *words])
    assert ended.value.code == 2
    assert "s3cr3tpw" not in seen(capsys)
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize("form", [(), ("-v",)])
def test_fetch_does_not_print_the_password_of_a_lock(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: tuple[str, ...]
) -> None:
    lock = tmp_path / "3rdparty" / "sources.toml"
    lock.parent.mkdir()
    lock.write_text(
        'version = 1\n[demo]\ngit = "http://user:s3cr3tpw@127.0.0.1:9/owner/demo"\n'
        f'commit = "{"0" * 40}"\npaths = ["LICENSE"]\nlicence = "MIT"\n'
        'licence_files = ["LICENSE"]\nwhy = "test"\n'
    )
    words = ["--lock", str(lock), "--cache", str(tmp_path / "cache"), *form]
    assert main(["fetch", *words]) == 3
    said = seen(capsys)
    assert "127.0.0.1:9" in said
    assert "s3cr3tpw" not in said


def test_an_error_is_one_line_whatever_the_name_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(tmp_path / "a\n\x1b[2Jmlcbuild check: GOOD\r.dll")]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_help_lists_every_command_and_every_action(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = _parser([])[0].format_help()
    assert [name for name in COMMANDS if f"\n    {name}" not in shown] == []
    assert len(shown.splitlines()) < 40
    lab = HELPS["lab"].format_help()
    assert [n for n in ("up", "run", "pip", "down") if f"\n    {n} " not in lab] == []
