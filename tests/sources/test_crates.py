"""The Cargo lock: written from our pins, accepted by Cargo, refused when it does not fit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from mlcbuild.errors import FailedError, InputError
from mlcbuild.sources.crates import load_crates, main, write_cargo_lock
from sources_helpers import fetch_pinned

ROOT = Path(__file__).parents[2]
PINS = ROOT / "3rdparty" / "crates.toml"
SUM = "ab" * 32
CRATES = f"""\
rust = "1.78"
crates = [
  {{ name = "cfg-if", version = "1.0.0", checksum = "{SUM}", licence = "MIT" }},
  {{ name = "small", version = "0.1.0", needs = ["cfg-if"] }},
]
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    folder = tmp_path / "Kiste ü"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "lib.rs").write_text("", encoding="utf-8")
    (folder / "Cargo.toml").write_text(
        '[package]\nname = "small"\nversion = "0.1.0"\nedition = "2018"\n'
        '[dependencies]\ncfg-if = "1.0"\n',
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def crates(tmp_path: Path) -> Path:
    path = tmp_path / "crates.toml"
    path.write_text(CRATES, encoding="utf-8")
    return path


@pytest.mark.needs_cargo
def test_the_lock_has_cargos_own_name_of_the_registry(manifest: Path, crates: Path) -> None:
    text = write_cargo_lock(manifest, crates).read_text("utf-8")
    assert 'source = "registry+' in text
    assert f'checksum = "{SUM}"' in text
    assert 'dependencies = [\n "cfg-if",\n]' in text


@pytest.mark.needs_cargo
def test_a_right_lock_is_not_touched(manifest: Path, crates: Path) -> None:
    target = write_cargo_lock(manifest, crates)
    os.utime(target, ns=(1, 1))
    write_cargo_lock(manifest, crates)
    assert target.stat().st_mtime_ns == 1


@pytest.mark.needs_cargo
def test_cargo_takes_the_lock_as_it_is(manifest: Path, crates: Path) -> None:
    """A vendored registry on this machine, so that Cargo reads the lock without a network."""
    vendored = manifest.parent / "vendor" / "cfg-if"
    (vendored / "src").mkdir(parents=True)
    (vendored / "src" / "lib.rs").write_text("", encoding="utf-8")
    (vendored / "Cargo.toml").write_text(
        '[package]\nname = "cfg-if"\nversion = "1.0.0"\nedition = "2018"\n', encoding="utf-8"
    )
    (vendored / ".cargo-checksum.json").write_text(
        f'{{"files": {{}}, "package": "{SUM}"}}', encoding="utf-8"
    )
    (manifest / ".cargo").mkdir()
    (manifest / ".cargo" / "config.toml").write_text(
        '[source.crates-io]\nreplace-with = "here"\n[source.here]\ndirectory = "../vendor"\n',
        encoding="utf-8",
    )
    lock = write_cargo_lock(manifest, crates)
    before = lock.read_text("utf-8")
    subprocess.run(["cargo", "check", "--locked", "--offline", "--quiet"], cwd=manifest, check=True)
    assert lock.read_text("utf-8") == before


@pytest.mark.needs_cargo
def test_pins_of_another_manifest_are_refused(manifest: Path, crates: Path) -> None:
    with (manifest / "Cargo.toml").open("a", encoding="utf-8") as file:
        file.write('serde = "1"\n')
    with pytest.raises(FailedError, match="--update"):
        write_cargo_lock(manifest, crates)
    assert not (manifest / "Cargo.lock").exists()


def test_without_cargo_one_line_says_so(
    manifest: Path, crates: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--manifest", str(manifest), "--crates", str(crates), "--cargo", "no-such-cargo"]
    assert main(options) == 3
    assert "install Rust" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "rust = '1.78'\n",
        CRATES.replace(SUM, "short"),
        CRATES.replace('"1.0.0"', "1"),
        CRATES.replace('licence = "MIT"', 'license = "MIT"'),
        CRATES.replace("small", 'sm\\"all'),
        CRATES.replace('["cfg-if"]', '"cfg-if"'),
        CRATES.replace(f'checksum = "{SUM}", ', ""),
        "crates = [",
    ],
)
def test_malformed_pins_are_an_input_error(crates: Path, text: str) -> None:
    crates.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"crates\.toml"):
        load_crates(crates)


def test_the_committed_pins_are_complete_and_name_no_registry() -> None:
    lock = load_crates(PINS)
    names = {crate.name for crate in lock.crates}
    versions = {f"{crate.name} {crate.version}" for crate in lock.crates}
    assert lock.root.name == "tokenizers-c"
    assert any(text.startswith("tokenizers 0.21.") for text in versions)
    for crate in lock.crates:
        assert all(need in names or need in versions for need in crate.needs), crate
        assert crate.licence or crate is lock.root
    assert "://" not in PINS.read_text("utf-8")


@pytest.mark.slow
@pytest.mark.needs_cargo
def test_the_committed_pins_are_what_cargo_fetches(tmp_path: Path) -> None:
    """Needs the network: the tokenizers' manifest, our lock, and Cargo's own verdict on both."""
    manifest = fetch_pinned("tokenizers-cpp", tmp_path) / "rust"
    lock = write_cargo_lock(manifest, PINS)
    before = lock.read_text("utf-8")
    subprocess.run(["cargo", "fetch", "--locked", "--quiet"], cwd=manifest, check=True)
    assert lock.read_text("utf-8") == before
