"""MSVC's environment from a made-up ``vcvarsall.bat``, through the real ``cmd``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from mlcbuild.errors import FailedError
from mlcbuild.toolchain.activate import WindowsShell, environment
from mlcbuild.toolchain.choice import NINJA
from mlcbuild.toolchain.decision import Choice, Vcvars

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """\
@echo off
echo ** Visual Studio made up, arguments %*
if "%1"=="arm64" (
  echo [ERROR:%~nx0] there is no such thing
  exit /b 1
)
if "%1"=="none" exit /b 0
set "VCINSTALLDIR=%~dp0"
set "VCToolsInstallDir=%~dp0tools\\"
set "INCLUDE=C:\\inc (x86);%ASKED%"
set "DEFINES=A=1 B==2"
set "LIBPATH=%ASKED%"
set "PATH=%~dp0bin;%PATH%"
"""


@pytest.fixture
def studio(tmp_path: Path) -> Path:
    """Return the script, in a folder of the kind that Visual Studio uses, and worse."""
    folder = tmp_path / "Microsoft Visual Studio (x86)" / "R&D äö" / "VC"
    folder.mkdir(parents=True)
    script = folder / "vcvarsall.bat"
    script.write_bytes(SCRIPT.replace("\n", "\r\n").encode())
    return script


def choice(script: Path, *arguments: str) -> Choice:
    vcvars = Vcvars(script=str(script), arguments=arguments)
    return Choice(generator=NINJA, family="msvc", vcvars=vcvars)


def test_what_the_script_sets_arrives_and_nothing_else(studio: Path) -> None:
    env = {**os.environ, "ASKED": "kept", "MLCBUILD_MINE": "1"}

    made = environment(choice(studio, "x64"), env, shell=WindowsShell())

    assert made["VCINSTALLDIR"] == f"{studio.parent}\\"
    assert made["DEFINES"] == "A=1 B==2"
    assert made["LIBPATH"] == "kept"
    assert "MLCBUILD_MINE" not in made
    assert not [name for name in made if "made up" in made[name]], "what it prints is no variable"


def test_names_in_no_code_page_arrive(studio: Path) -> None:
    env = {**os.environ, "ASKED": "C:\\über\\漢字"}

    made = environment(choice(studio, "x64"), env, shell=WindowsShell())

    assert made["INCLUDE"] == "C:\\inc (x86);C:\\über\\漢字"


def test_the_users_path_stays_behind_the_scripts_own_and_in_order(studio: Path) -> None:
    system = os.environ["SYSTEMROOT"] + "\\system32"
    env = {key: value for key, value in os.environ.items() if key.upper() != "PATH"}
    env["Path"] = f'C:\\first;;"C:\\with space";{system};C:\\äö (x86)\\;C:\\first'

    made = environment(choice(studio, "x64"), env, shell=WindowsShell())

    assert "PATH" not in made, "one spelling, the caller's"
    first, *others = made["Path"].split(";")
    assert first == f"{studio.parent}\\bin"
    assert others == ["C:\\first", "C:\\with space", system, "C:\\äö (x86)\\"]


@pytest.mark.parametrize("argument", ["none", "arm64"])
def test_a_script_that_sets_up_nothing_is_one_line(studio: Path, argument: str) -> None:
    with pytest.raises(FailedError) as caught:
        environment(choice(studio, argument), os.environ, shell=WindowsShell())

    assert str(caught.value).startswith("vcvarsall.bat set up no compiler")
    if argument == "arm64":
        assert "there is no such thing" in str(caught.value)


def test_a_script_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FailedError):
        environment(choice(tmp_path / "absent.bat", "x64"), os.environ, shell=WindowsShell())
