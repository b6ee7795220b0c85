"""A Rust that builds libraries for another target: find the installed ones and choose.

rustup has precompiled standard libraries; a distribution may have only the sources, which Cargo
then compiles first (``build-std``, a feature that stable releases keep behind ``RUSTC_BOOTSTRAP``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlcbuild.errors import FailedError
from mlcbuild.programs import ask, find_program


@dataclass(frozen=True, kw_only=True, slots=True)
class Rust:
    """One Cargo with its rustc, and what is installed for the target."""

    cargo: str
    rustc: str
    version: tuple[int, ...]
    #: Description of its origin.
    origin: str
    #: Whether the standard library is installed for the target.
    has_target: bool = False
    #: Whether its sources are installed.
    has_sources: bool = False

    @property
    def environment(self) -> dict[str, str]:
        """The variables for every Cargo command."""
        ours = {"CARGO": self.cargo, "RUSTC": self.rustc}
        if not self.has_target:
            ours |= {"RUSTC_BOOTSTRAP": "1", "CARGO_UNSTABLE_BUILD_STD": "std,panic_abort"}
        return ours

    @property
    def define(self) -> dict[str, str]:
        """The cache entries that make CMake use it."""
        return {
            "MLCBUILD_CARGO": self.cargo,
            "MLCBUILD_RUSTC": self.rustc,
            "MLCBUILD_RUST_BUILD_STD": "OFF" if self.has_target else "ON",
        }

    @property
    def reason(self) -> str:
        """The reason for the stamp, without paths."""
        how = "which has the target" if self.has_target else "its standard library from the sources"
        return f"Rust {'.'.join(map(str, self.version))} from {self.origin}, {how}"


def choose_rust(rusts: Iterable[Rust], *, target: str, oldest: tuple[int, ...]) -> Rust:
    """Choose one that can build for ``target``.

    An installed standard library is preferred to sources.

    ``oldest`` is the version the pinned crates need. Raises ``FailedError`` where there is none.
    """
    new = [rust for rust in rusts if rust.version >= oldest]
    found = next((r for r in new if r.has_target), None) or next(
        (r for r in new if r.has_sources), None
    )
    if found is None:
        version = f" {'.'.join(map(str, oldest))} or newer" if oldest else ""
        raise FailedError(
            f"this build needs Rust{version} with the target {target}",
            remedy=f"rustup target add {target}",
        )
    return found


def read_rusts(env: Mapping[str, str], target: str) -> Iterator[Rust]:
    """Query the Rust on PATH and the distribution's for ``target``."""
    home = env.get("CARGO_HOME") or os.fspath(Path.home() / ".cargo")
    where = {"PATH": os.pathsep.join((env.get("PATH", ""), os.fspath(Path(home, "bin"))))}
    found = [
        (find_program("cargo", where), find_program("rustc", where), "PATH"),
        ("/usr/bin/cargo", "/usr/bin/rustc", "the distribution"),
    ]
    seen = set()
    for cargo, rustc, origin in found:
        if not cargo or not rustc or cargo in seen or not Path(cargo).is_file():
            continue
        seen.add(cargo)
        version = re.search(
            r"^release: (\d+)\.(\d+)\.(\d+)", _output([rustc, "-vV"], env), re.MULTILINE
        )
        root = Path(_output([rustc, "--print", "sysroot"], env).strip() or "/nowhere")
        library = root / "lib" / "rustlib"
        yield Rust(
            cargo=cargo,
            rustc=rustc,
            version=tuple(int(part) for part in version.groups()) if version else (),
            origin="rustup" if ".rustup" in root.parts else origin,
            has_target=any((library / target / "lib").glob("libstd-*.rlib")),
            has_sources=(library / "src" / "rust" / "library" / "std").is_dir(),
        )


def _output(command: list[str], env: Mapping[str, str]) -> str:
    done = ask(command, env={**env, "LC_ALL": "C"})
    return "" if done is None else (done.stdout + done.stderr).decode(errors="replace")
