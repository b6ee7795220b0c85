"""``mlcbuild lab pip --compiler``: sources from Linux, everything else from Windows."""

from __future__ import annotations

import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from mlcbuild.lab import hosttools
from mlcbuild.lab.wine import windows_path

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.lab import Lab

PROJECT = """\
[build-system]
requires = ["scikit-build-core>=1.1.2"]
build-backend = "scikit_build_core.build"

[project]
name = "unity"
version = "1.0"

[tool.scikit-build]
wheel.py-api = "py3"
wheel.packages = []

[tool.mlcbuild.build]
lock = "pins/lock.toml"
"""
CMAKE = """\
cmake_minimum_required(VERSION 3.26)
project(unity LANGUAGES C)
add_library(unity SHARED one.c two.c pins/sums/sum.c)
set_target_properties(unity PROPERTIES UNITY_BUILD ON PREFIX "")
target_compile_options(unity PRIVATE "-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.")
install(TARGETS unity RUNTIME DESTINATION unity)
"""
EXPORT = "__declspec(dllexport) "
TOOLS = ("scikit-build-core==1.1.2", "cmake==4.4.4", "ninja==1.13.2")
SOURCES = {
    "one.c": f"{EXPORT}const char *where(void) {{ return __FILE__; }}\n",
    "two.c": f"int sum(int, int);\n{EXPORT}int five(void) {{ return sum(2, 3); }}\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with a unity build and one pinned source, in a folder of any name."""
    pinned = tmp_path / "mirror" / "owner" / "sums"
    pinned.mkdir(parents=True)
    (pinned / "sum.c").write_text("int sum(int a, int b) { return a + b; }\n")
    git = ["git", "-C", str(pinned), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *words], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    folder = tmp_path / "ünity project"
    (folder / "pins").mkdir(parents=True)
    lock = f"""\
version = 1

[sums]
git = "https://host.invalid/owner/sums"
commit = "{commit.stdout.strip()}"
paths = ["sum.c"]
licence = "MIT"
licence_files = ["sum.c"]
why = "a test"
"""
    texts = {"pyproject.toml": PROJECT, "CMakeLists.txt": CMAKE, "pins/lock.toml": lock, **SOURCES}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("MLCBUILD_MIRROR", str(tmp_path / "mirror"))
    return folder


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCBUILD_CACHE", str(tmp_path / "cache"))


@pytest.mark.usefixtures("own_cache")
def test_sources_of_the_projects_among_pips_words_are_brought(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.chdir(project)
    hosttools.fetch_pinned_sources(["wheel", "-v", "pins", ".", "numpy"], notice=told.append)
    assert told == [f"fetching the pinned sources of {project}"]
    assert (project / "pins" / "sums" / "sum.c").read_text().startswith("int sum")


@pytest.mark.slow
def test_windows_pip_builds_a_unity_build_over_pinned_sources(
    windows: Lab, project: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    # Kept between runs: an isolated environment would bring CMake each time.
    pip = ["lab", "pip", "--env", "test-builds", "--timeout", "600", "--compiler"]
    assert main([*pip, "install", "-q", *TOOLS]) == 0
    into = str(tmp_path / "out")
    code = main(
        [*pip, "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", into, str(project)]
    )
    said = capfdbinary.readouterr()
    assert code == 0, (said.out + said.err).decode(errors="replace")
    (wheel,) = (tmp_path / "out").glob("*.whl")
    assert wheel.name == "unity-1.0-py3-none-win_amd64.whl"
    with zipfile.ZipFile(wheel) as archive:
        archive.extract("unity/unity.dll", tmp_path)
    dll = windows_path(tmp_path / "unity" / "unity.dll")
    script = f"import ctypes; u = ctypes.CDLL({dll!r}); u.where.restype = ctypes.c_char_p; "
    done = windows.run(["python", "-c", f"{script}print(u.five(), u.where())"], timeout=120)
    assert done.text == "5 b'./one.c'\n", done.errors
