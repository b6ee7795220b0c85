"""``mingw-rust``: Rust's libraries for the cross-build are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.model import Check, Outcome, ok, skip, warn
from mlcbuild.doctor.purpose import cross_builds
from mlcbuild.doctor.rust import find_rust, install_rust

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]

_TARGET: Final = "x86_64-pc-windows-msvc"


def _run(system: System) -> Outcome:
    if not any(system.find(name) for name in ("clang-cl", "clang-cl-19")):
        return skip("no clang-cl: only mlcbuild wheel --target win_amd64 needs it")
    path = find_rust(system, "rustc")
    if path is None:
        return skip("no Rust: see the check cargo")
    root = system.run(path, "--print", "sysroot").out.strip()
    library = system.join(root, "lib", "rustlib", _TARGET, "lib")
    if root and system.is_folder(library):
        return ok(f"Rust for {_TARGET}", evidence=(library,))
    if not cross_builds(system):
        return skip(f"no libraries for {_TARGET}: only wheel --target win_amd64 needs them")
    by_rustup = "rustup" in root
    return warn(
        f"Rust has no libraries for {_TARGET}: the tokenizers cannot be cross-built",
        evidence=(f"{path}, sysroot {root or 'unknown'}",),
        fix=f"rustup target add {_TARGET}"
        if by_rustup or system.find("rustup")
        else install_rust(system),
    )


CHECK = Check(
    id="mingw-rust",
    title="Rust can cross-build",
    category="toolchain",
    why="Rust's standard library is installed for each target apart.",
    source="rustup, Cross-compilation",
    run=_run,
    waits=True,
    platforms=("linux",),
)
