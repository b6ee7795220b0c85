"""Resolve the tokenizers' Rust crates anew and rewrite 3rdparty/Cargo.lock.

Needs Cargo 1.84 or newer, the fetched sources (`mlcbuild fetch`) and a registry. Takes versions
that the `rust` of 3rdparty/sources.toml can build; where a crate has none, the newest.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path

from setup_env import ROOT, StepError, main_of, run

PINS = ROOT / "3rdparty"
MANIFEST = PINS / "tokenizers-cpp" / "rust"
HEAD = "# Every crate that is compiled into the tokenizers, pinned; renewing it: docs/sources.md."


def work() -> None:
    """Resolve in a scratch folder: the fetched sources stay as they are."""
    rust = tomllib.loads((PINS / "sources.toml").read_text("utf-8"))["rust"]
    if not MANIFEST.is_dir():
        raise StepError(f"{MANIFEST} is not there: run mlcbuild fetch")
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        shutil.copytree(MANIFEST / "src", scratch / "src")
        text = (MANIFEST / "Cargo.toml").read_text("utf-8")
        text = text.replace("[package]\n", f'[package]\nrust-version = "{rust}"\n', 1)
        (scratch / "Cargo.toml").write_text(text, encoding="utf-8")
        cargo = os.environ.get("CARGO") or "cargo"
        manifest = ("--manifest-path", scratch / "Cargo.toml")
        run(
            *(cargo, "generate-lockfile", *manifest),
            CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS="fallback",
        )
        lock = (scratch / "Cargo.lock").read_text("utf-8")
    lines = lock.partition("\nversion = ")[2]
    (PINS / "Cargo.lock").write_text(f"{HEAD}\nversion = {lines}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main_of(work))
