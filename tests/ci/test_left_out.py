"""Tests that are left out: the closing table, and what is an error where everything was asked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from needs import NEEDS

ROOT = Path(__file__).parents[2]
#: One test of each kind.
TESTS = """
import pytest
from needs import program, require

@pytest.fixture
def compiled():
    require("cxx")

@pytest.mark.needs_cxx
def test_a_marker(): raise AssertionError
def test_a_fixture(compiled): raise AssertionError
def test_a_helper(): program("g++")
"""


def run(folder: Path, text: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with the plugin on a file of tests, on a machine whose PATH is empty."""
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n", encoding="utf-8")
    paths = (ROOT / "tests" / "helpers", ROOT / "python")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLCBUILD_", "PYTEST_"))}
    # Temporary folders of its own: pytest would tidy up those of the run that this is part of.
    plain = ("-q", "-p", "leftout", "-p", "no:cacheprovider", f"--basetemp={folder / 'tmp'}")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plain, *words],
        cwd=folder,
        env={
            **kept,
            "PATH": str(folder / "empty"),
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            **env,
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_what_lacks_is_summed_up_with_the_command_that_brings_it(tmp_path: Path) -> None:
    done = run(tmp_path, TESTS)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    at = lines.index("3  a C++ compiler: no g++")
    assert "left out: 3 tests" in lines[at - 1]
    assert lines[at + 1] == "python3 scripts/test.py --setup cxx"


@pytest.mark.parametrize("words", [(), ("-p", "xdist", "-n", "2")])
def test_where_everything_was_asked_for_it_is_an_error(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = run(tmp_path, TESTS, "--everything", *words)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "error: 3 tests could have run here: a C++ compiler" in done.stdout


def test_a_bare_skip_is_an_error_too(tmp_path: Path) -> None:
    text = "import pytest\ndef test_it(): pytest.skip('not today')\n"
    assert run(tmp_path, text).returncode == 0
    done = run(tmp_path, text, "--everything")
    assert done.returncode == 1
    assert "error: 1 tests could have run here: not today" in done.stdout


@pytest.mark.parametrize("need", ["hour", "windows"])
@pytest.mark.skipif(sys.platform == "win32", reason="one of them is here on Windows")
def test_what_is_not_for_this_run_or_system_is_no_error(tmp_path: Path, need: str) -> None:
    text = f"import pytest\n@pytest.mark.needs_{need}\ndef test_it(): raise AssertionError\n"
    done = run(tmp_path, text, "--everything")
    assert done.returncode == 0, done.stdout
    assert "left out: 1 tests" in done.stdout


def test_a_wheel_that_could_not_be_built_is_no_error_and_one_that_could_is(tmp_path: Path) -> None:
    text = "import pytest\n@pytest.mark.needs_wheel\ndef test_it(): raise AssertionError\n"
    assert run(tmp_path, text, "--everything").returncode == 0, "no git: no sources"
    here = "import needs_probes, needs\nneeds.lacking = lambda name: name == 'wheel' and 'none'\n"
    here += "import leftout\nleftout.lacking = needs.lacking\n"
    assert run(tmp_path, here + text, "--everything").returncode == 1


def test_slow_tests_are_left_out_until_they_are_asked_for(tmp_path: Path) -> None:
    text = "import pytest\n@pytest.mark.slow\ndef test_it(): raise AssertionError\n"
    declared = ("-o", "markers=slow: x")
    assert "python3 scripts/test.py --slow" in run(tmp_path, text, *declared).stdout
    for words in (("--slow",), ("--everything",), ("-m", "slow")):
        assert run(tmp_path, text, *declared, *words).returncode == 1, words


def test_a_marker_that_no_need_has_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "import pytest\n@pytest.mark.needs_luck\ndef test_it(): pass\n")
    assert done.returncode != 0
    assert "needs_luck" in done.stdout


def test_every_need_says_what_brings_it() -> None:
    assert len({need.name for need in NEEDS}) == len(NEEDS)
    for need in NEEDS:
        packages = [*need.programs.values(), *need.files.values(), need.packages]
        assert all(packages[:-1]), need.name
        assert bool(any(packages) or need.command) != bool(need.provided_by), need.name
        assert need.advice


@pytest.mark.parametrize(("name", "code"), [("cxx", 3), ("nonsense", 2)])
def test_the_setup_stops_at_the_first_thing_that_lacks_in_one_line(
    tmp_path: Path, name: str, code: int
) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "test_needs.py", name],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == code
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("failed: ")
