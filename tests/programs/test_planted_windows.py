"""Under real Windows CPython in the lab: CreateProcess looks in the current folder first."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import mlcbuild
import pytest
from mlcbuild.lab.programs import find_programs
from mlcbuild.programs import run
from toolkitinside import bring_needs

if TYPE_CHECKING:
    from mlcbuild.lab import Lab

PYTHON = Path(mlcbuild.__file__).parents[1]
TRAP = """\
#include <stdio.h>
int main(void) { fclose(fopen("sprung.txt", "w")); return 99; }
"""
PROGRAMS = ("git", "cargo", "rustc", "cmake", "nm", "uv", "python", "ninja")
LOCK = PYTHON.parent / "3rdparty" / "sources.toml"


@pytest.fixture(scope="module")
def trap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Windows program that leaves a file where it ran."""
    folder = tmp_path_factory.mktemp("trap")
    (folder / "trap.c").write_text(TRAP)
    run([find_programs().gcc, "-o", "trap.exe", "trap.c"], cwd=folder, check=True)
    return folder / "trap.exe"


@pytest.fixture
def here(tmp_path: Path, trap: Path) -> Path:
    """Return a folder with a trap for every program that we start, and modules that raise."""
    folder = tmp_path / "here"
    folder.mkdir()
    for name in PROGRAMS:
        shutil.copy(trap, folder / f"{name}.exe")
    for name in ("ctypes", "pip", "delvewheel", "json"):
        (folder / f"{name}.py").write_text("open('sprung.txt', 'w')\nraise SystemExit(99)\n")
    return folder


@pytest.fixture(scope="module")
def lab(windows: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    lab = windows.use(tmp_path_factory.mktemp("windows") / "env")
    bring_needs(lab)
    return lab


def inside(lab: Lab, here: Path, code: str) -> str:
    """Run code in the folder as a program of its own; return what it printed."""
    script = here.parent / "script.py"
    script.write_text(code, encoding="utf-8")
    env = {"PYTHONPATH": lab.path(PYTHON)}
    done = lab.run(["python", lab.path(script)], cwd=here, env=env, timeout=240)
    assert "Traceback" not in done.errors, done.errors
    return done.text


def test_the_trap_springs_where_a_bare_name_is_started(lab: Lab, here: Path) -> None:
    code = (
        "import os, subprocess; os.environ.pop('NoDefaultCurrentDirectoryInExePath', 0);"
        "subprocess.run(['git', '--version'])"
    )
    inside(lab, here, code)
    assert (here / "sprung.txt").exists()


def test_a_program_in_the_current_folder_is_not_found(lab: Lab, here: Path) -> None:
    code = (
        "import os, sys\nfrom mlcbuild import programs\n"
        "os.environ.pop('NoDefaultCurrentDirectoryInExePath', 0)\n"
        "os.environ['PATH'] += ';;.;' + os.path.relpath('.') + ';C:'\n"
        "print([programs.find_program(name) for name in ('git', 'git.exe', 'uv', 'C:git')])\n"
        "try: programs.run(['git', '--version'])\n"
        "except FileNotFoundError: print('not found')\n"
        "print(programs.find_program('cmd').lower().endswith('cmd.exe'))\n"
        # What a child starts by its bare name is looked for under the same rule.
        "child = 'import subprocess; subprocess.run([\"git\"])'\n"
        "print(programs.run([sys.executable, '-c', child], stderr=-3).returncode)\n"
    )
    assert inside(lab, here, code).splitlines() == [
        "[None, None, None, None]",
        "not found",
        "True",
        "1",
    ]
    assert not (here / "sprung.txt").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("fetch", "--lock", "{lock}", "--output", "{into}", "xgrammar"),
        ("doctor", "--json", "--skip", "trial"),
        ("toolchain",),
        ("check", "pypi:none"),
    ],
    ids=lambda words: words[0],
)
def test_no_command_starts_what_lies_in_the_current_folder(
    lab: Lab, here: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    given = {"lock": lab.path(LOCK), "into": lab.path(tmp_path / "into")}
    words = tuple(word.format(**given) for word in words)
    code = (
        "import os, sys; os.environ.pop('NoDefaultCurrentDirectoryInExePath', 0)\n"
        f"os.environ['MLCBUILD_CACHE'] = {lab.path(tmp_path / 'cache')!r}\n"
        "os.environ['PIP_INDEX_URL'] = 'http://127.0.0.1:9/simple'\n"
        f"sys.argv = ['mlcbuild', *{words!r}]\n"
        "from mlcbuild.cli import main; sys.exit(main())"
    )
    inside(lab, here, code)
    assert not (here / "sprung.txt").exists()
