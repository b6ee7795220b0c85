"""Read from this machine what the choice of a cross compiler depends on."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild import mingw
from mlcbuild.build.toolchain.mingw import RUST_TARGET, GnuCompiler, MingwMachine, Rust
from mlcbuild.programs import ask, find_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["read_mingw", "read_rusts"]


def read_mingw(env: Mapping[str, str]) -> MingwMachine:
    """Ask the compilers and Rusts on PATH, and the distribution's own Rust."""
    return MingwMachine(
        platform=sys.platform, compilers=tuple(_compilers(env)), rusts=tuple(read_rusts(env))
    )


def _compilers(env: Mapping[str, str]) -> Iterator[GnuCompiler]:
    for names in zip(mingw.compilers("gcc"), mingw.compilers("g++"), strict=True):
        c, cxx = (find_program(name, env) for name in names)
        if c and cxx:
            said = _output([cxx, "-v"], env)
            version = re.search(r"^gcc version (\d+)(?:[.-](\d+))?", said, re.MULTILINE)
            threads = re.search(r"^Thread model: (\w+)", said, re.MULTILINE)
            yield GnuCompiler(
                c=c,
                cxx=cxx,
                version=_numbers(version),
                threads=threads[1] if threads else "unknown",
            )


def read_rusts(env: Mapping[str, str]) -> Iterator[Rust]:
    """Ask the Rust on PATH and the distribution's own."""
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
            version=_numbers(version),
            origin="rustup" if ".rustup" in root.parts else origin,
            has_target=any((library / RUST_TARGET / "lib").glob("libstd-*.rlib")),
            has_sources=(library / "src" / "rust" / "library" / "std").is_dir(),
        )


def _numbers(match: re.Match[str] | None) -> tuple[int, ...]:
    return tuple(int(part) for part in match.groups() if part) if match else ()


def _output(command: list[str], env: Mapping[str, str]) -> str:
    done = ask(command, env={**env, "LC_ALL": "C"})
    return "" if done is None else (done.stdout + done.stderr).decode(errors="replace")
