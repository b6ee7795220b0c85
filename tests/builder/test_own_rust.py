"""Rust for a build on a machine that has none: asked for by the hooks, kept in the cache."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest
from mlcbuild.builder import rust
from mlcbuild.builder.options import BuildOptions, parse
from mlcbuild.builder.preflight import look
from mlcbuild.builder.probe import SystemProbe, Tool
from mlcbuild.errors import InputError, UsageError


class Machine:
    platform = "linux"

    def __init__(self, cargo: tuple[int, ...] | None) -> None:
        self.cargo = cargo

    def tool(self, name: str) -> Tool | None:
        if name == "cargo":
            return self.cargo and Tool(path="/usr/bin/cargo", version=self.cargo)
        return Tool(path=f"/usr/bin/{name}", version=(99, 0))

    def free_bytes(self, folder: Path) -> int:
        del folder
        return 10**12


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Stand in for puccinialin: it lays out what rustup would."""
    asked: list[Path] = []

    def setup_rust(installation_dir: Path) -> None:
        asked.append(installation_dir)
        for name in ("cargo/bin/cargo", "cargo/bin/rustc", "rustup/toolchains/stable/bin/rustc"):
            path = installation_dir / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("#!/bin/sh\necho cargo 1.99.0\n", encoding="utf-8")
            path.chmod(0o755)

    module, client = ModuleType("puccinialin"), ModuleType("httpx")
    module.setup_rust = setup_rust  # type: ignore[attr-defined]
    client.HTTPError = type("HTTPError", (Exception,), {})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "puccinialin", module)
    monkeypatch.setitem(sys.modules, "httpx", client)
    return asked


@pytest.mark.parametrize(
    ("cargo", "settings", "asks"),
    [
        (None, {}, True),
        ((1, 63, 0), {}, True),
        ((1, 95, 0), {}, False),
        (None, {"rust": "found"}, False),
        (None, {"target": "win_amd64"}, False),
    ],
)
def test_the_index_is_asked_for_the_installer_where_no_cargo_serves(
    cargo: tuple[int, ...] | None,
    settings: dict[str, str | list[str]],
    *,
    asks: bool,
    tmp_path: Path,
) -> None:
    options = parse({**settings, "cache": str(tmp_path)})
    needed = rust.requirements(Machine(cargo), options, "1.78")
    assert bool([line for line in needed if line.startswith("puccinialin")]) is asks


@pytest.mark.skipif(sys.platform == "win32", reason="a script of POSIX stands for Cargo")
def test_it_is_said_first_and_kept_for_the_next_build(
    installer: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("CARGO_HOME", str(tmp_path / "none"))
    options = BuildOptions(cache=tmp_path)
    before, said = dict(os.environ), list[str]()
    for _ in range(2):
        with rust.at_hand(SystemProbe(), options, "1.78", said.append):
            found = SystemProbe().tool("cargo")
            assert found == Tool(path=str(tmp_path / "rust/cargo/bin/cargo"), version=(1, 99, 0))
        assert dict(os.environ) == before
    assert installer == [tmp_path / "rust"], "installed once"
    assert len(said) == 1
    assert "650 MB" in said[0]
    assert rust.requirements(SystemProbe(), options, "1.78") == [], "nor asked for again"


def test_offline_nothing_is_installed(installer: list[Path], tmp_path: Path) -> None:
    options = BuildOptions(cache=tmp_path, offline=True)
    with rust.at_hand(Machine(None), options, "1.78", print):
        pass
    assert installer == []


def test_servers_out_of_reach_are_one_line(
    installer: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del installer

    def refuse(installation_dir: Path) -> None:
        del installation_dir
        raise ConnectionError("no route")

    monkeypatch.setattr(sys.modules["puccinialin"], "setup_rust", refuse)
    entered = rust.at_hand(Machine(None), BuildOptions(cache=tmp_path), "1.78", print)
    with pytest.raises(InputError, match=r"Rust cannot be installed \(no route\)"), entered:
        pass


def test_another_value_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="rust=apt is not valid"):
        parse({"rust": "apt"})


def test_the_quickstart_is_told_where_rust_will_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "3rdparty").mkdir()
    pinned = Path(__file__).parents[2] / "3rdparty" / "sources.toml"
    shutil.copyfile(pinned, tmp_path / "3rdparty" / "sources.toml")
    monkeypatch.setenv("MLCBUILD_CACHE", str(tmp_path / "cache"))
    found = look(Machine(None), root=tmp_path, rust="install", cache="")
    assert found["problems"] == []
    assert found["here"]["Cargo"].startswith("none: rustup will install Rust")
    refused = look(Machine(None), root=tmp_path, rust="found", cache="")
    assert [p.partition(" ")[0] for p in refused["problems"]] == ["Cargo"]
