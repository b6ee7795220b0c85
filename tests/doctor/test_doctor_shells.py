"""The shell at hand, and fixes that are spelt for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest
from fakemachine import FakeSystem, windows
from mlcbuild.doctor.installers import PROGRAMS, install
from mlcbuild.doctor.runner import examine
from mlcbuild.doctor.shell import command, set_variables, shells_of, steps, unset
from sickmachines import SICK, Sick

if TYPE_CHECKING:
    from collections.abc import Mapping

USER: Final = r"C:\Users\ada\Documents\PowerShell\Modules"
EVERYBODY: Final = (
    r"C:\Program Files\WindowsPowerShell\Modules;C:\Windows\system32\WindowsPowerShell\v1.0\Modules"
)


def shell(pc: FakeSystem, name: str) -> FakeSystem:
    """Start the doctor from a shell."""
    pc.env.pop("PROMPT", None)
    pc.env |= {"cmd": {"PROMPT": "$P$G"}, "powershell": {"PSModulePath": USER}}.get(
        name, {"MSYSTEM": "MINGW64"}
    )
    return pc


@pytest.mark.parametrize(
    ("env", "callers", "found"),
    [
        ({"PROMPT": "$P$G"}, (), ("cmd",)),
        ({"PROMPT": "$P$G", "PSModulePath": EVERYBODY}, (), ("cmd",)),
        ({"PSModulePath": f"{USER};{EVERYBODY}"}, (), ("powershell",)),
        ({"PSModulePath": r"c:\program files\powershell\7\Modules"}, (), ("powershell",)),
        ({"PSModulePath": r"D:\Dokumente\WindowsPowerShell\Modules"}, (), ("powershell",)),
        ({"PROMPT": "$P$G", "PSModulePath": USER}, (), ("powershell", "cmd")),
        ({"PROMPT": "$P$G", "PSModulePath": USER}, ("python.exe", "pwsh.exe"), ("powershell",)),
        ({"PROMPT": "$P$G", "PSModulePath": USER}, ("uv.exe", "CMD.EXE", "pwsh.exe"), ("cmd",)),
        ({}, (), ("powershell", "cmd")),
        ({}, ("python.exe", "explorer.exe"), ("powershell", "cmd")),
        ({"MSYSTEM": "UCRT64"}, (), ("sh",)),
        (
            {"MSYSTEM": "MINGW64", "PSModulePath": USER},
            ("mlcbuild.exe", "pwsh.exe"),
            ("powershell",),
        ),
        ({"MSYSTEM": "UCRT64", "PROMPT": "$P$G"}, ("python.exe", "cmd.exe", "bash.exe"), ("cmd",)),
        ({"MSYSTEM": "UCRT64", "PROMPT": "$P$G"}, ("python.exe", "bash.exe"), ("sh",)),
    ],
)
def test_the_shell_is_told_by_variables_and_callers(
    env: Mapping[str, str], callers: tuple[str, ...], found: tuple[str, ...]
) -> None:
    pc = windows()
    del pc.env["PROMPT"]
    pc.env |= env
    pc.callers_ = callers
    assert shells_of(pc) == found


@pytest.mark.parametrize(
    ("name", "words", "line"),
    [
        ("cmd", ("python", "a b"), 'python "a b"'),
        ("powershell", (r"C:\a b\python.exe", "x"), r"& 'C:\a b\python.exe' x"),
        ("powershell", ("echo", "it's", "a,b", "@x"), "echo 'it''s' 'a,b' '@x'"),
        ("powershell", ("cmake", "-DX=1.2", "--x"), "cmake '-DX=1.2' --x"),
        ("sh", (r"C:\a\python.exe", "x"), r"'C:\a\python.exe' x"),
        ("sh", ("cleanmgr", "/d", "C:"), "MSYS_NO_PATHCONV=1 cleanmgr /d C:"),
    ],
)
def test_words_are_quoted_for_their_shell(name: str, words: tuple[str, ...], line: str) -> None:
    assert command(shell(windows(), name), *words) == line


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("cmd", ('set "A=" & set "B="', 'set "A=x y" & set "B=z"', "a b && c")),
        (
            "powershell",
            ("Remove-Item Env:A; Remove-Item Env:B", "$env:A = 'x y'; $env:B = 'z'", "a b; c"),
        ),
        ("sh", ("unset A; unset B", "export A='x y'; export B=z", "a b && c")),
    ],
)
def test_several_things_are_one_line(name: str, lines: tuple[str, ...]) -> None:
    pc = shell(windows(), name)
    told = (unset(pc, "A", "B"), set_variables(pc, A="x y", B="z"), steps(pc, ("a", "b"), ("c",)))
    assert told == lines


@pytest.mark.parametrize("program", [n for n, p in PROGRAMS.items() if p.winget or p.url or p.page])
def test_every_program_has_a_way_on_every_windows(program: str) -> None:
    wanted = PROGRAMS[program]
    pc = windows()
    with_winget = install(pc, program)
    assert ("winget" in with_winget) is bool(wanted.winget)
    pc.registry_values[r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"] = {
        "ProductName": "Windows Server 2019 Standard",
        "CurrentBuildNumber": "17763",
    }
    without = install(pc, program)
    assert "winget" not in without
    assert "https://" in without


#: Elsewhere there is one shell alone.
ON_WINDOWS = [sick for sick in SICK if sick.make().windows]
#: Shell -> what no command for it holds.
FOREIGN: Final = {
    "powershell": r"&&|%\w+%|^set \w+=|(?<![&\w] )^'|\bmd [^-]",
    "cmd": r"\$env:|Remove-Item|(?<![\w\"])'[^']*'(?![^\"]*\"$)|; ",
    "sh": r"%\w+%|\$env:|^set \w+=|Remove-Item",
}


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("sick", ON_WINDOWS, ids=[sick.name for sick in ON_WINDOWS])
def test_a_fix_holds_nothing_of_another_shell(sick: Sick, name: str) -> None:
    pc = sick.make()
    results = examine(shell(pc, name), only=[sick.check]).results
    for fix in (result.fix for result in results if result.problem):
        assert not re.search(FOREIGN[name], fix), fix
        assert "\n" not in fix
