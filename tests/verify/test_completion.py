"""TAB in a shell, and ``mlcbuild`` alone."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import needs
import pytest
from mlcbuild.cli import COMMANDS, _parser, main
from mlcbuild.completion import SHELLS
from mlcbuild.extras import install_extra
from mlcbuild.nextstep import Folder, look, suggest

PYTHON = Path(__file__).resolve().parents[2] / "python"

#: How to ask each shell, without a terminal, what it would offer for the line in $LINE.
ASK = {
    "bash": """
eval "$(mlcbuild completion bash)"
COMP_LINE="$LINE"; COMP_POINT=${#LINE}; COMP_TYPE=9
read -ra COMP_WORDS <<< "$LINE"; [[ "$LINE" == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_python_argcomplete mlcbuild "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
printf '%s\\n' "${COMPREPLY[@]}"
""",
    "fish": """
mlcbuild completion fish | source
complete -C "$LINE"
""",
}


def offered(shell: str, line: str, folder: Path) -> list[str]:
    program = needs.program(shell)
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    command = tools / "mlcbuild"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mlcbuild "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    done = subprocess.run(
        [program, "-c", ASK[shell]],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={
            **os.environ,
            "LINE": line,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(PYTHON),
            "HOME": str(folder),
        },
    )
    return [text.split("\t")[0].strip() for text in done.stdout.splitlines() if text.strip()]


shells = pytest.mark.skipif(
    sys.platform != "linux", reason="scripts/test.py brings the shells on Linux only"
)


@shells
@pytest.mark.parametrize("shell", sorted(ASK))
def test_commands_options_choices_rules_and_files_are_completed(shell: str, tmp_path: Path) -> None:
    (tmp_path / "pkg.whl").touch()
    (tmp_path / "a folder").mkdir()
    assert set(offered(shell, "mlcbuild ch", tmp_path)) == {"check"}
    assert set(COMMANDS) <= set(offered(shell, "mlcbuild ", tmp_path))
    assert "--max-failures" in offered(shell, "mlcbuild bench --max", tmp_path)
    assert set(offered(shell, "mlcbuild check --format ", tmp_path)) >= {"json", "sarif"}
    assert "missing-dll" in offered(shell, "mlcbuild check --ignore miss", tmp_path)
    assert "pkg.whl" in offered(shell, "mlcbuild check pk", tmp_path)
    assert "pkg.whl" not in offered(shell, "mlcbuild check --add-dir ", tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_gets_a_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "mlcbuild" in capsys.readouterr().out


def test_without_argcomplete_one_line_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "argcomplete.shell_integration", None)
    assert main(["completion", "bash"]) == 2
    assert install_extra("completion") in capsys.readouterr().err


def commands(folder: Folder) -> list[str]:
    return [each.command for each in suggest(folder)]


def test_a_checkout_is_built_then_its_wheel_is_used() -> None:
    fresh = commands(Folder(is_checkout=True))
    assert fresh[:2] == ["mlcbuild doctor", "mlcbuild wheel -o dist"]
    wheel = "dist/mlc_llm-0.20-py3-none-manylinux_2_35_x86_64.whl"
    assert (
        commands(Folder(is_checkout=True, wheels=(wheel,)))[0] == f"mlcbuild verify {wheel} --chat"
    )


def test_a_windows_wheel_is_checked_first() -> None:
    found = commands(Folder(wheels=("a b/x-1-py3-none-win_amd64.whl",)))
    assert found[0].startswith("mlcbuild check ")
    assert found[0].endswith(
        ('"a b/x-1-py3-none-win_amd64.whl"', "'a b/x-1-py3-none-win_amd64.whl'")
    )


def test_an_empty_folder_still_gets_an_answer() -> None:
    assert "mlcbuild doctor" in commands(Folder())


def test_what_lies_in_a_folder_is_seen(tmp_path: Path) -> None:
    assert look(tmp_path / "absent") == Folder()
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "x-1-py3-none-win_amd64.whl").touch()
    (tmp_path / "a.dll").touch()
    (tmp_path / "pyproject.toml").write_text("[tool.mlcbuild]\n", encoding="utf-8")
    result = {"tool": {"name": "mlcbuild"}, "runs": []}
    (tmp_path / "bench.json").write_text(json.dumps(result), encoding="utf-8")
    (tmp_path / "other.json").write_text('{"runs": []}', encoding="utf-8")
    seen = look(tmp_path)
    assert seen.wheels == ("dist/x-1-py3-none-win_amd64.whl",)
    assert (seen.images, seen.project, seen.results) == (1, "mlcbuild", ("bench.json",))


def test_mlcbuild_alone_tells_what_to_do_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.dll").touch()
    assert main([]) == 0
    seen = capsys.readouterr().out
    assert seen.splitlines()[1].split("  ")[1] == "mlcbuild check ."


def laid_out(folder: Path, *names: str, text: str = "") -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


SETUPTOOLS = '[build-system]\nrequires = ["setuptools"]\n'


def test_kinds_of_folders_get_their_own_first_command(tmp_path: Path) -> None:
    """Where users stand when they do not know what to type."""

    def first(name: str, *files: str, text: str = "") -> str:
        return commands(look(laid_out(tmp_path / name, *files, text=text)))[0]

    site = [f"pkg{number}/_core.cp311-win_amd64.pyd" for number in range(12)]
    shards = ("config.json", "tokenizer.json", "model.safetensors.index.json")
    assert first("site", *site) == "mlcbuild check ."
    assert first("setuptools", "pyproject.toml", text=SETUPTOOLS).startswith("pip wheel .")
    assert first("built", "build/Debug/mlc_llm.dll") == "mlcbuild check build"
    assert first("failed", "build.log").startswith("mlcbuild explain build.log")
    assert first("published", *shards).startswith("mlcbuild model . --quantization")
    assert first("converted", "mlc-chat-config.json", "a.bin").startswith("mlcbuild model . --dev")
    assert first("empty").startswith("mlcbuild doctor")
    assert first("wheels", "x-1-py3-none-win_amd64.whl").startswith("mlcbuild check x-1")


def test_a_site_packages_gets_a_page_too(tmp_path: Path) -> None:
    laid_out(tmp_path, *(f"pkg{number}/a.dll" for number in range(12)))
    assert commands(look(tmp_path))[:2] == ["mlcbuild check .", "mlcbuild report . -o report.html"]


def test_every_suggestion_is_a_command_that_mlcbuild_takes() -> None:
    whole = Folder(
        wheels=("dist/x-1-cp311-cp311-win_amd64.whl", "dist/mlc_llm-1-py3-none-linux_x86_64.whl"),
        images=12,
        tree="build",
        site="venv/Lib/site-packages",
        log="a b.log",
        results=("bench.json",),
        project="another",
    )
    given = commands(whole) + commands(Folder(model="published")) + commands(Folder())
    given += commands(Folder(model="converted")) + commands(Folder(is_checkout=True))
    words = [shlex.split(command.partition(" < ")[0]) for command in given]
    ours = [each[1:] for each in words if each[0] == "mlcbuild"]
    assert len(ours) > 12
    for each in ours:
        _parser(each)[0].parse_args(each)


def test_stars_that_windows_leaves_are_the_files_that_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """cmd and PowerShell hand ``*.dll`` on as it is; an option's value is nobody's file."""
    monkeypatch.chdir(tmp_path)
    for name in ("b.dll", "a.dll"):
        (tmp_path / name).write_bytes(b"MZ, and then nothing")
    monkeypatch.setattr(sys, "platform", "win32")
    main(["check", "*.dll", "--ignore", "missing-dll:*/x/*", "--json"])
    monkeypatch.undo()
    table = json.loads(capsys.readouterr().out)
    assert [target["name"] for target in table["targets"]] == ["a.dll", "b.dll"]
