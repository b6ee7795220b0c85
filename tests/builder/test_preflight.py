from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from mlcbuild.builder.preflight import missing, require
from mlcbuild.builder.probe import SystemProbe, Tool
from mlcbuild.errors import FailedError

GOOD = {
    "git": Tool(path="/usr/bin/git", version=(2, 39, 5)),
    "cargo": Tool(path="/usr/bin/cargo", version=(1, 95, 0)),
    "cmake": Tool(path="/usr/bin/cmake", version=(3, 31, 0)),
    "c++": Tool(path="/usr/bin/c++", version=(12, 2, 0)),
}


@dataclass
class FakeMachine:
    tools: dict[str, Tool] = field(default_factory=lambda: dict(GOOD))
    platform: str = "linux"
    free: int = 100_000_000_000

    def tool(self, name: str) -> Tool | None:
        return self.tools.get(name)

    def free_bytes(self, folder: Path) -> int:
        del folder
        return self.free


def ask(machine: FakeMachine, *, fetches: bool = True, compiler: str = "") -> list[str]:
    return missing(
        machine, build_dir=Path("build"), fetches=fetches, rust="1.78", compiler=compiler
    )


def test_a_machine_with_everything_has_no_problem() -> None:
    assert ask(FakeMachine()) == []


@pytest.mark.parametrize(
    ("name", "word", "remedy"),
    [
        ("git", "Git is not found", "apt-get install git"),
        ("cargo", "Cargo is not found", "rustup"),
        ("cmake", "CMake is not found", "pip install"),
        ("c++", "C++ compiler is not found", "apt-get install g++"),
    ],
)
def test_a_missing_tool_is_one_line_with_its_remedy(name: str, word: str, remedy: str) -> None:
    machine = FakeMachine()
    del machine.tools[name]
    (line,) = ask(machine)
    assert word in line
    assert remedy in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("name", "version", "floor"),
    [
        ("git", (2, 17, 1), "2.25"),
        ("cargo", (1, 63, 0), "1.78"),
        ("cmake", (3, 25, 1), "3.26"),
        ("c++", (9, 4, 0), "10"),
    ],
)
def test_an_old_tool_is_named_with_its_version_place_and_floor(
    name: str, version: tuple[int, ...], floor: str
) -> None:
    machine = FakeMachine()
    machine.tools[name] = Tool(path=f"/old/{name}", version=version)
    (line,) = ask(machine)
    assert ".".join(map(str, version)) in line
    assert f"/old/{name}" in line
    assert floor in line


def test_a_tool_that_does_not_say_its_version_is_given_a_chance() -> None:
    machine = FakeMachine()
    machine.tools["cargo"] = Tool(path="cargo", version=None)
    assert ask(machine) == []


def test_git_is_not_asked_for_where_nothing_is_fetched() -> None:
    machine = FakeMachine()
    del machine.tools["git"]
    assert ask(machine, fetches=False) == []


def test_the_users_compiler_is_the_one_that_is_judged() -> None:
    machine = FakeMachine()
    machine.tools["my-clang++"] = Tool(path="/opt/my-clang++", version=(11, 0))
    (line,) = ask(machine, compiler="my-clang++")
    assert "my-clang++ 11.0" in line
    (line,) = ask(machine, compiler="nowhere-g++")
    assert "CXX=nowhere-g++" in line


def test_a_compiler_with_flags_is_left_to_cmake() -> None:
    assert ask(FakeMachine(), compiler="ccache g++") == []


def test_a_full_disk_is_said_before_minutes_are_spent() -> None:
    (line,) = ask(FakeMachine(free=200_000_000))
    assert "0.2 GB are free" in line


def test_windows_tools_are_installed_by_winget() -> None:
    machine = FakeMachine(tools={"cmake": GOOD["cmake"]}, platform="win32")
    lines = ask(machine)
    assert any("winget install Git.Git" in line for line in lines)
    assert any("winget install Rustlang.Rustup" in line for line in lines)


def test_the_error_names_the_first_and_counts_the_rest() -> None:
    with pytest.raises(FailedError, match=r"Git is not found.*\(and 3 more: Cargo"):
        require(FakeMachine(tools={}), build_dir=Path("build"), fetches=True, rust="1.78")


@pytest.mark.needs_git
def test_this_machine_is_really_asked(tmp_path: Path) -> None:
    probe = SystemProbe()
    git = probe.tool("git")
    assert git is not None
    assert git.version is not None
    assert git.version >= (2,)
    assert probe.tool("no-such-program-anywhere") is None
    assert probe.free_bytes(tmp_path / "not" / "yet" / "there") > 0
