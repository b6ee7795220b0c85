"""MSVC's environment: the call of vcvarsall.bat, its answer, and the order of PATH."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlcbuild.errors import FailedError
from mlcbuild.toolchain import Choice, Vcvars
from mlcbuild.toolchain.activate import environment, environment_set
from mlcbuild.toolchain.vcvars import capture_command, order_path, parse_set

if TYPE_CHECKING:
    from collections.abc import Mapping

SCRIPT = (
    r"C:\Program Files\Microsoft Visual Studio\2022\BuildTools\VC\Auxiliary\Build\vcvarsall.bat"
)
VCVARS = Vcvars(script=SCRIPT, arguments=("amd64", "-vcvars_ver=14.38"))
NINJA_CHOICE = Choice(generator="Ninja Multi-Config", family="msvc", vcvars=VCVARS)
MSVC = r"C:\VS\VC\Tools\MSVC\14.44.35207\bin\HostX64\x64"
CONDA = r"C:\Users\Jürgen\miniforge3\Library\usr\bin"
GIT = r"C:\Program Files\Git\usr\bin"


class Recorded:
    """A shell that answers from a recording."""

    def __init__(self, out: str = "", *, code: int = 0, err: bytes = b"") -> None:
        self.answer = (code, out.encode("utf-16-le"), err)
        self.commands: list[str] = []
        self.given: dict[str, str] = {}

    def run(self, command: str, env: Mapping[str, str]) -> tuple[int, bytes, bytes]:
        self.commands.append(command)
        self.given = dict(env)
        return self.answer

    def has_program(self, folder: str, name: str) -> bool:
        programs = {
            MSVC: {"cl.exe", "link.exe"},
            CONDA: {"link.exe"},
            GIT: {"link.exe"},
        }
        return name in programs.get(folder, set())


def set_output(variables: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\r\n" for name, value in variables.items())


def test_the_call_survives_spaces_and_keeps_autorun_commands_out() -> None:
    command = capture_command(VCVARS)
    assert command == (f'cmd /d /s /u /c "call "{SCRIPT}" amd64 -vcvars_ver=14.38 1>&2 && set"')


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16", "utf-8", "utf-8-sig"])
def test_values_with_equals_signs_and_letters_of_every_script_are_whole(encoding: str) -> None:
    variables = {
        "CommandPromptType": "Native",
        "CL": "/DNAME=a=b /O2",
        "USERPROFILE": "C:\\Users\\Jürgen 渡辺",
        "EMPTYISH": "=",
        "ProgramFiles(x86)": r"C:\Program Files (x86)",
    }
    assert parse_set(set_output(variables).encode(encoding)) == variables


def test_a_code_page_is_read_without_losing_a_variable() -> None:
    assert parse_set("A=1\r\nB=Jürgen\r\nC=3\r\n".encode("cp1252"))["B"] == "Jürgen"
    assert parse_set(b"A=1\r\nB=J\x81rgen\r\nC=3\r\n")["C"] == "3"


def test_hidden_variables_and_lines_without_a_name_are_no_variables() -> None:
    text = "=C:=C:\\src\r\nA=1\r\nsecond line of A\r\n\r\nB=2\r\n"
    assert parse_set(text.encode("utf-16-le")) == {"A": "1\nsecond line of A", "B": "2"}
    assert parse_set(b"") == {}


def test_only_what_the_script_changed_is_set_and_names_ignore_case() -> None:
    before = {"Path": r"C:\Windows;C:\Tools", "USERNAME": "me", "INCLUDE": "old"}
    after = {
        "PATH": rf"{MSVC};C:\Windows;C:\Tools",
        "USERNAME": "me",
        "include": r"C:\VS\include",
        "VCToolsInstallDir": "C:\\VS\\",
        "VSCMD_SKIP_SENDTELEMETRY": "1",
    }
    shell = Recorded(set_output(after))
    changed = environment(NINJA_CHOICE, before, shell=shell)
    assert changed == {
        "Path": rf"{MSVC};C:\Windows;C:\Tools",
        "INCLUDE": r"C:\VS\include",
        "VCToolsInstallDir": "C:\\VS\\",
    }
    assert shell.given["VSCMD_SKIP_SENDTELEMETRY"] == "1"


def test_a_gnu_link_goes_behind_msvcs_and_nothing_is_lost() -> None:
    user = rf"{CONDA};C:\Windows;{GIT}"
    # The script found its folder in PATH already and added nothing.
    after = {"PATH": rf"{CONDA};C:\Windows;{GIT};{MSVC}", "VCINSTALLDIR": "C:\\VS\\VC\\"}
    before = {"PATH": rf"{user};{MSVC}"}
    changed = environment(NINJA_CHOICE, before, shell=Recorded(set_output(after)))
    assert changed["PATH"] == rf"C:\Windows;{MSVC};{CONDA};{GIT}"


def test_inside_a_prompt_path_is_mended_without_running_anything() -> None:
    choice = Choice(generator="Ninja Multi-Config", in_prompt=True)
    shell = Recorded()
    good = {"PATH": rf"{MSVC};C:\Windows;{GIT}"}
    assert environment(choice, good, shell=shell) == {}
    bad = {"Path": rf"{GIT};{MSVC};C:\Windows"}
    assert environment(choice, bad, shell=shell) == {"Path": rf"{MSVC};{GIT};C:\Windows"}
    assert shell.commands == []


def test_the_users_own_order_is_restored_behind_the_scripts_folders() -> None:
    def nothing(_folder: str, _name: str) -> bool:
        return False

    shuffled = r"C:\new;C:\b;C:\a;;C:\new\;c:\B"
    assert order_path(shuffled, user=r"C:\a;C:\b", has_program=nothing) == r"C:\new;C:\a;C:\b"
    # What the script took away stays away; quotes mean nothing.
    assert order_path(r'"C:\a"', user=r"C:\a;C:\old", has_program=nothing) == r"C:\a"


def test_a_script_that_fails_is_one_line_with_what_it_said() -> None:
    said = b"**********\r\n[ERROR:vcvarsall.bat] Invalid argument found : amd65\r\n"
    with pytest.raises(FailedError, match=r"Invalid argument found.*repair the C"):
        environment(NINJA_CHOICE, {}, shell=Recorded("", code=1, err=said))


def test_a_script_that_sets_up_no_compiler_is_not_believed() -> None:
    with pytest.raises(FailedError, match="set up no compiler"):
        environment(NINJA_CHOICE, {}, shell=Recorded("PATH=C:\\Windows\r\n"))


def test_the_environment_is_put_back_after_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    import os  # noqa: PLC0415

    monkeypatch.setenv("MLCBUILD_T_A", "before")
    monkeypatch.delenv("MLCBUILD_T_B", raising=False)
    with environment_set({"MLCBUILD_T_A": "in", "MLCBUILD_T_B": "in"}):
        assert (os.environ["MLCBUILD_T_A"], os.environ["MLCBUILD_T_B"]) == ("in", "in")
    assert os.environ["MLCBUILD_T_A"] == "before"
    assert "MLCBUILD_T_B" not in os.environ
