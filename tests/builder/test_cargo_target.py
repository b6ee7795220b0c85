"""Crates are fetched, and their licences gathered, for what the C++ compiler compiles for."""

from __future__ import annotations

import pytest
from mlcbuild.builder import cargo
from mlcbuild.toolchain import Choice, choose, read_overrides
from windowsmachines import ALL_COMPONENTS, machine, visual_studio

PROMPT = {"VCINSTALLDIR": "C:/VS/VC", "VSCMD_ARG_TGT_ARCH": "arm64"}
ALL_OF_2022 = visual_studio(2022, components=ALL_COMPONENTS)


@pytest.fixture(autouse=True)
def rust_for_gnu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a Rust whose own target is GNU's, as `rustup-init --default-host` can."""
    monkeypatch.setattr(cargo, "host_target", lambda: "x86_64-pc-windows-gnu")


@pytest.mark.parametrize(
    ("env", "arguments", "tag", "triple"),
    [
        ({}, [], "win-amd64", "x86_64-pc-windows-msvc"),
        ({}, [], "win-arm64", "aarch64-pc-windows-msvc"),
        ({}, ["-A", "ARM64"], "win-amd64", "aarch64-pc-windows-msvc"),
        ({"PROCESSOR_ARCHITECTURE": "ARM64"}, [], "win-amd64", "x86_64-pc-windows-msvc"),
        ({"CMAKE_GENERATOR": "Ninja"}, [], "win-arm64", "aarch64-pc-windows-msvc"),
        (PROMPT, [], "win-arm64", "aarch64-pc-windows-msvc"),
        ({"CXX": "clang-cl"}, [], "win-amd64", "x86_64-pc-windows-msvc"),
        ({"CXX": "g++"}, [], "win-amd64", "x86_64-pc-windows-gnu"),
    ],
)
def test_the_triple_is_the_compilers_whatever_rustc_was_installed_for(
    env: dict[str, str], arguments: list[str], tag: str, triple: str
) -> None:
    overrides = read_overrides(env=env, args=arguments, define=None)
    choice = choose(machine(ALL_OF_2022, env=env, tag=tag), overrides)
    assert cargo.target_for(choice) == triple


def test_outside_windows_it_is_rustcs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cargo, "host_target", lambda: "x86_64-unknown-linux-gnu")
    assert cargo.target_for(Choice(generator="Ninja")) == "x86_64-unknown-linux-gnu"
