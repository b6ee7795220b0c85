"""Every command of the documents runs: here, in another test, or a reason says why it cannot."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tomllib
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from doccommands import PAGES, ROOT, Command, blocks, commands, differs, spans, words_of
from docplan import ELSEWHERE, NOWHERE, RUN
from fakemachine import FakeSystem, linux, windows
from mlcbuild.builder.options import SETTINGS
from mlcbuild.cli import COMMANDS, _parser, main
from mlcbuild.codes import CODES
from mlcbuild.doctor.installers import PROGRAMS
from mlcbuild.explain.catalogue import read_symptoms
from needs import require
from pefactory import make_pe
from pins import TVM_FFI
from standin import chat_app, serving
from wheelfactory import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ALL = tuple(commands())
#: A command that several pages show runs once.
HERE = {c.text: [each for each in ALL if each.text == c.text] for c in ALL if c.text in RUN}
SERVER = "http://127.0.0.1:8000"


def fits(text: str, patterns: dict[str, object]) -> list[str]:
    return [
        p
        for p in patterns
        if re.fullmatch(re.escape(p).replace(r"\~", "~").replace("~", ".*"), text)
    ]


def shown(page: str, text: str) -> tuple[str, ...]:
    """Return what a document shows below a command."""
    found = [c.shown for c in ALL if (c.page, c.text) == (page, text) and c.shown]
    assert len(found) == 1, (page, text)
    return found[0]


def accepted(words: list[str]) -> str:
    """Return what mlcbuild's parser has against the words; empty where it takes them."""
    try:
        _parser(words)[0].parse_args(words)
    except SystemExit as end:
        return "" if end.code == 0 else f"exit {end.code}"
    return ""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving(chat_app()) as running:
        yield running.url


@pytest.fixture
def sandbox(tmp_path: Path) -> Path:
    """Return a folder with what the documents name, and the programs on its PATH."""
    user = make_pe(imports={"mid.dll": ["f"]}, exports=["run"])
    mid = make_pe(imports={"leaf.dll": ["f"]}, exports=["f"])
    files = {"pkg/user.dll": user, "pkg/mid.dll": mid, "pkg/good.dll": make_pe(exports=["g"])}
    make_wheel(tmp_path / "dist", files, name="pkg")
    good = {"pkg/good.dll": make_pe(exports=["g"])}
    make_wheel(tmp_path / "dist", good, name="pkg", tag="cp311-cp311-win_amd64")
    make_wheel(tmp_path / "dist", good, name="mlc_llm", version="0.20")
    make_wheel(tmp_path / "wheelhouse", good, name="mlc_llm", version="0.20")
    leaf = {"tvm_ffi/leaf.dll": make_pe(exports=["f"])}
    tag = "cp311-cp311-win_amd64"
    make_wheel(tmp_path, leaf, name="apache_tvm_ffi", version=TVM_FFI, tag=tag)
    site = tmp_path / "C:" / "venv" / "Lib" / "site-packages" / "pkg"
    site.mkdir(parents=True)
    (site / "good.dll").write_bytes(good["pkg/good.dll"])
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {
        "mlcbuild": f'exec "{sys.executable}" -m mlcbuild "$@"',
        "pip": f'exec "{sys.executable}" -m pip "$@"',
        "some-command": "echo \"link: extra operand '/DEF:tokenizers.def'\" >&2; exit 1",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    return tmp_path


def run(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "python"),
        "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
        "PYTHONUTF8": "1",
        "COLUMNS": "120",
    }
    return subprocess.run(
        ["bash", "-c", text],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def test_every_block_of_code_says_what_it_is() -> None:
    """A command in a block without a language would escape these tests."""
    bare = [f"{page}:{line}" for page, line, language, _ in blocks() if not language]
    assert bare == []


def test_every_command_runs_somewhere_or_says_why_not() -> None:
    missing = [
        str(command)
        for command in ALL
        if sum(map(len, ([command.text] * (command.text in RUN), fits(command.text, ELSEWHERE),
                         fits(command.text, NOWHERE)))) != 1
    ]  # fmt: skip
    assert missing == []


def test_no_entry_is_left_of_a_command_that_is_gone() -> None:
    texts = [command.text for command in ALL]
    stale = [text for text in RUN if text not in texts]
    stale += [p for p in (*ELSEWHERE, *NOWHERE) if not any(fits(text, {p: 0}) for text in texts)]
    assert stale == []


def test_who_is_said_to_run_a_command_is_there() -> None:
    assert [where for where in ELSEWHERE.values() if not (ROOT / where).is_file()] == []


@pytest.mark.parametrize("said", HERE.values(), ids=lambda said: str(said[0]))
def test_a_command_does_what_the_documents_say(
    said: list[Command], sandbox: Path, server: str
) -> None:
    text = said[0].text
    plan = RUN[text]
    if text.startswith("git "):
        require("git")
    if "bench.json" in text or "doctor.json" in text:
        before = f"mlcbuild bench {server} --duration 0.3s --output bench.json"
        assert run(before, sandbox).returncode == 0
        assert run("mlcbuild doctor --json --only git > doctor.json", sandbox).returncode in (0, 1)
    done = run(f"{text.replace(SERVER, server)} {plan.more}", sandbox)
    assert done.returncode in plan.codes, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for command in said if plan.compare else ():
        assert differs(command.shown, done.stdout) == "", command


def link_of_git_first() -> FakeSystem:
    pc = windows()
    tools = r"C:\VS\VC\Tools\MSVC\14.44.35207\bin\Hostx64\x64"
    pc.program(r"C:\Program Files\Git\usr\bin\link.exe")
    return pc.program(rf"{tools}\link.exe").program(rf"{tools}\cl.exe")


@pytest.mark.parametrize(
    ("page", "machine"), [("docs/tasks.md", linux), ("docs/doctor.md", link_of_git_first)]
)
def test_the_doctor_says_of_such_a_machine_what_is_shown(
    page: str,
    machine: Callable[[], FakeSystem],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("mlcbuild.doctor.real.RealSystem", machine)
    main(["doctor"])
    assert differs(shown(page, "mlcbuild doctor"), capsys.readouterr().out) == ""


def test_the_steps_of_verify_are_those_that_are_shown() -> None:
    """The run itself needs the real wheel: tests/run does it in the gate."""
    steps = [
        line.split()[1]
        for line in shown("docs/tasks.md", "mlcbuild verify dist/mlc_llm-*.whl --chat")
    ]
    run = ROOT / "python" / "mlcbuild" / "verify"
    named = {
        name: re.findall(r'yield "([\w ]+)"', (run / name).read_text(encoding="utf-8"))
        for name in ("sequence.py", "windows_chat.py")
    }
    assert list(dict.fromkeys(step for step in named["sequence.py"] if step in steps)) == steps
    schema = json.loads((run / "schemas" / "verify.json").read_text(encoding="utf-8"))
    known = schema["properties"]["steps"]["items"]["properties"]["name"]["enum"]
    assert {step for found in named.values() for step in found} == set(known)


@pytest.fixture(scope="module")
def tvm_wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the two Windows wheels that the README checks, from the index."""
    folder = tmp_path_factory.mktemp("tvm")
    names = {w for c in ALL for w in c.text.split() if re.match(r"apache_tvm\w*-.*\.whl", w)}
    wanted = ["==".join(name.split("-")[:2]) for name in sorted(names)]
    only = ["--only-binary=:all:", "--platform", "win_amd64", "--python-version", "3.11"]
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", *only, "-d", folder]
    subprocess.run([*command, *wanted], check=True)
    return folder


@pytest.mark.slow  # 65 MB from the package index
def test_the_check_of_tvms_wheels_says_what_the_readme_shows(tvm_wheels: Path) -> None:
    found = [c for c in ALL if c.text.startswith("mlcbuild check apache_tvm-")]
    assert len(found) >= 2
    for command in found:
        words = [sys.executable, "-m", *command.text.split()]
        env = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "PYTHONUTF8": "1"}
        done = subprocess.run(
            words, cwd=tvm_wheels, env=env, capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == (1 if "FAILS" in command.shown[0] else 0), done.stderr
        assert differs(command.shown, done.stdout) == ""


def test_programs_of_windows_are_named_as_the_doctor_names_them() -> None:
    known = {program.winget for program in PROGRAMS.values()}
    named = {word for c in ALL if c.text.startswith("winget ") for word in c.text.split()[4:5]}
    assert len(named) >= 4
    assert named - known == set()


@pytest.mark.parametrize("command", [c for c in ALL if "mlcbuild" in c.text], ids=str)
def test_mlcbuild_takes_the_command_line(command: Command) -> None:
    """What cannot run here has at least a command and options that there are."""
    for words in words_of(command.text):
        if words[0] == "mlcbuild":
            assert accepted(words[1:]) == ""


def usage_of(parser: argparse.ArgumentParser) -> str:
    """Return the help of a command and of those below it (``lab pip``)."""
    below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    parsers = [parser, *(each for action in below for each in action.choices.values())]
    return "".join(each.format_help() for each in parsers)


def inline(*programs: str) -> list[tuple[str, list[str]]]:
    """Return page and words of each inline command of one of the programs."""
    found = []
    for page, text in spans():
        if text.split()[:1] and text.split()[0] in programs and "'" not in text:
            found += [(page, words) for words in words_of(text) if words[0] in programs]
    return [(page, words) for page, words in found if len(words) > 1]


def test_inline_commands_of_mlcbuild_are_taken_by_its_parser(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The help says that an option exists; the parser, that it may stand there with that value."""
    wrong = []
    for page, words in inline("mlcbuild"):
        if accepted(words[1:]):
            said = capsys.readouterr().err
            if not re.search(r"are required|expected (one|at least one) argument", said):
                wrong.append(f"{page}: {' '.join(words)}: {said}")
    assert wrong == []


def test_inline_commands_of_python_name_what_is_in_the_tree() -> None:
    wrong = []
    for page, words in inline("python", "python3", "bash"):
        name = words[2] if words[1:2] == ["-m"] and len(words) > 2 else words[1]
        if "/" in name:
            script = ROOT / name
            text = script.read_text(encoding="utf-8") if script.is_file() else ""
            known = bool(text) and all(w in text for w in words[2:] if w.startswith("--"))
        else:
            place = name.replace(".", "/")
            mine = [*ROOT.glob(f"python/{place}*"), *ROOT.glob(f"plugins/*/*/{place}*")]
            known = bool(mine) or name in {"-c", "-m", "pip", "venv", "http.server", "build"}
        if not known:
            wrong.append(f"{page}: {' '.join(words)}")
    assert wrong == []


def test_inline_commands_of_pip_name_folders_extras_and_settings_that_there_are() -> None:
    extras = {
        name: tomllib.loads((ROOT / place).read_text(encoding="utf-8"))["project"][
            "optional-dependencies"
        ]
        for name, place in (("mlcbuild", "python/pyproject.toml"), ("mlc-llm", "pyproject.toml"))
    }
    settings = {setting.name for setting in SETTINGS}
    wrong = []
    for page, words in inline("pip"):
        for before, word in pairwise(words):
            asked = re.fullmatch(r"(mlcbuild|mlc-llm|\./python)\[(\w+)\]", word)
            known = extras["mlc-llm" if asked and asked[1] == "mlc-llm" else "mlcbuild"]
            bad = (asked and asked[2] not in known) or (
                word.startswith("./") and not asked and not (ROOT / word).exists()
            )
            if before == "-C":
                bad = word.split("=")[0] not in settings and not word.startswith("cmake.")
            if bad:
                wrong.append(f"{page}: {' '.join(words)}: {word}")
    assert wrong == []


def test_a_page_that_takes_mlcbuild_from_an_index_links_how_to_have_it_without_one() -> None:
    """One mechanism, in the README: mlcbuild is on no index yet."""
    assumed = re.compile(r'pip install "?mlcbuild\b|requires = \[.*"mlcbuild')
    pages = [path for path in PAGES if assumed.search(path.read_text(encoding="utf-8"))]
    assert len(pages) > 5
    lacking = [
        path.relative_to(ROOT).as_posix()
        for path in pages
        if "README.md#install" not in path.read_text(encoding="utf-8")
        and path != ROOT / "README.md"
    ]
    assert lacking == []


def test_inline_commands_name_commands_and_options_that_there_are() -> None:
    wrong = []
    for page, text in spans():
        words = text.split()
        if words[:1] != ["mlcbuild"] or len(words) == 1 or words[1].startswith("-"):
            continue
        if words[1] not in COMMANDS:
            wrong.append(f"{page}: {text}")
            continue
        parser = _parser([words[1]])[1]
        assert parser is not None
        usage = usage_of(parser)
        own = words[: words.index("--")] if "--" in words else words
        options = [word.split("=")[0] for word in own if re.match(r"--?[a-z]", word)]
        wrong += [f"{page}: {text}: {o}" for o in options if not re.search(rf"{o}\b", usage)]
    assert wrong == []


def test_what_explain_says_to_run_is_taken_by_mlcbuild() -> None:
    runs = {row.explanation.run for row in read_symptoms()}
    runs |= {run for code in CODES for run in (code.run, code.without_path)}
    wrong = {
        run: problem
        for run in runs
        for words in words_of(run)
        if words[0] == "mlcbuild" and (problem := accepted(words[1:]))
    }
    assert wrong == {}


def test_an_output_that_changed_is_noticed() -> None:
    shown = ("FAILS  x.whl", "  3 images: 1 will load, 2 will not", "  ...", "done")
    assert differs(shown, "FAILS  x.whl\n  4 images: 2 will load, 2 will not\nx\ny\ndone\n") == ""
    assert differs(shown, "GOOD  x.whl\n  4 images: 2 will load, 2 will not\ndone\n")
    assert differs(shown, "FAILS  x.whl\nnew\n  4 images: 2 will load, 2 will not\ndone\n")
    assert differs(shown, "FAILS  x.whl\n  4 images: 2 will load, 2 will not\ndone\nmore\n")
