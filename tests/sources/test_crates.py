"""Cargo's lock: laid beside the manifest, accepted by Cargo, refused when it does not fit."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from mlcbuild.builder.cargo import fetch_crates, host_target, packages
from mlcbuild.errors import FailedError, InputError
from sources_helpers import fetch_pinned

ROOT = Path(__file__).parents[2]
PINNED = ROOT / "3rdparty" / "Cargo.lock"
SUM = "ab" * 32
LOCK = f"""\
# pinned
version = 3

[[package]]
name = "cfg-if"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "{SUM}"

[[package]]
name = "small"
version = "0.1.0"
dependencies = [
 "cfg-if",
]
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Return a crate over a registry on this machine: Cargo reads the lock without a network."""
    folder = tmp_path / "Kiste ü"
    vendored = tmp_path / "vendor" / "cfg-if"
    for crate in (folder, vendored):
        (crate / "src").mkdir(parents=True)
        (crate / "src" / "lib.rs").write_text("", encoding="utf-8")
    (folder / "Cargo.toml").write_text(
        '[package]\nname = "small"\nversion = "0.1.0"\nedition = "2018"\n'
        '[dependencies]\ncfg-if = "1.0"\n',
        encoding="utf-8",
    )
    (vendored / "Cargo.toml").write_text(
        '[package]\nname = "cfg-if"\nversion = "1.0.0"\nedition = "2018"\n', encoding="utf-8"
    )
    (vendored / ".cargo-checksum.json").write_text(
        f'{{"files": {{}}, "package": "{SUM}"}}', encoding="utf-8"
    )
    (folder / ".cargo").mkdir()
    (folder / ".cargo" / "config.toml").write_text(
        '[source.crates-io]\nreplace-with = "here"\n[source.here]\ndirectory = "../vendor"\n',
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "Cargo.lock"
    path.write_text(LOCK, encoding="utf-8")
    return path


@pytest.mark.needs_cargo
def test_cargo_takes_the_lock_as_it_is(manifest: Path, lock: Path) -> None:
    fetch_crates(manifest, lock, target=host_target(), offline=True)
    laid = manifest / "Cargo.lock"
    assert laid.read_text("utf-8") == LOCK
    os.utime(laid, ns=(1, 1))
    fetch_crates(manifest, lock, target=host_target(), offline=True)
    assert laid.stat().st_mtime_ns == 1, "what was right was written again, and all is built again"
    assert [p["name"] for p in packages(manifest, target=host_target())] == ["cfg-if", "small"]


@pytest.mark.needs_cargo
def test_a_crate_with_other_bytes_is_refused(manifest: Path, lock: Path) -> None:
    lock.write_text(LOCK.replace(SUM, "cd" * 32), encoding="utf-8")
    with pytest.raises(FailedError, match="from the pinned one"):
        fetch_crates(manifest, lock, target=host_target(), offline=True)


@pytest.mark.needs_cargo
def test_the_lock_of_another_manifest_is_refused(manifest: Path, lock: Path) -> None:
    toml = manifest / "Cargo.toml"
    toml.write_text(toml.read_text("utf-8").replace('"0.1.0"', '"0.2.0"'), encoding="utf-8")
    with pytest.raises(FailedError, match=r"another manifest .*pin_crates\.py"):
        fetch_crates(manifest, lock, target=host_target(), offline=True)


def test_a_lock_that_is_not_there_is_one_line(manifest: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot copy .*none\.lock"):
        fetch_crates(manifest, tmp_path / "none.lock", target="x86_64-unknown-linux-gnu")


def test_the_pinned_crates_are_the_tokenizers() -> None:
    found = tomllib.loads(PINNED.read_text("utf-8"))["package"]
    assert [p["name"] for p in found if "checksum" not in p] == ["tokenizers-c"]
    assert any(p["name"] == "tokenizers" and p["version"].startswith("0.21.") for p in found)


@pytest.mark.slow
@pytest.mark.needs_cargo
def test_the_pinned_crates_are_what_cargo_fetches_and_our_licence_covers(tmp_path: Path) -> None:
    """Needs the network: the tokenizers' manifest, our lock, and Cargo's own verdict on both."""
    manifest = fetch_pinned("tokenizers-cpp", tmp_path) / "rust"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    granted = set(project["license"].split(" AND "))
    for target in ("x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc"):
        fetch_crates(manifest, PINNED, target=target)
        for crate in packages(manifest, target=target):
            if crate["source"] is not None:
                for part in crate["license"].replace("/", " OR ").split(" AND "):
                    choices = {word.strip(" ()") for word in part.split(" OR ")}
                    assert choices & granted, f"{crate['name']} is {crate['license']}"
