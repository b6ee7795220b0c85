"""``rust-host``: Rust builds for the same ABI as Python."""

from __future__ import annotations

import re

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, skip
from mlcbuild.doctor.rust import find_rust, install_rust, toolchain
from mlcbuild.doctor.shell import prepend_path, unset
from mlcbuild.platforms import by_tag

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    path = find_rust(system, "rustc")
    platform = by_tag(system.python.platform)
    if path is None or platform is None:
        return skip(
            "see the check cargo" if path is None else "MinGW's Python: no Rust target known"
        )
    done = system.run(path, "-vV")
    match = re.search(r"^host: (\S+)", done.out, re.MULTILINE)
    if match is None:
        return skip("rustc does not report its host: see the check cargo")
    host = match[1]
    wanted = platform.triple
    if host == wanted:
        return ok(f"Rust for {host}")
    kind = "GNU's ABI" if host.endswith("gnu") else "another processor"
    return fail(
        f"Rust builds for {host} ({kind}), Python is {wanted}: its library cannot be linked",
        evidence=(f"{path} host: {host}",),
        fix=_fix(system, path),
    )


def _fix(system: System, path: str) -> str:
    """Return the command that changes the host: rustup's toolchain, else another rustc on PATH."""
    if system.variable("RUSTUP_TOOLCHAIN"):  # overrides any default
        return unset(system, "RUSTUP_TOOLCHAIN")
    own = system.join(system.path.dirname(path), "rustup.exe")
    if system.is_file(own):
        return f"rustup default {toolchain(system)}"
    proxies = system.join(system.home, ".cargo", "bin")
    if system.is_file(system.join(proxies, "rustup.exe")):
        return prepend_path(system, proxies)
    return install_rust(system)


CHECK = Check(
    title="Rust's host triple matches Python",
    why="Cargo builds for its host triple. With the -gnu toolchain the tokenizers become a MinGW "
    "archive, which MSVC's linker refuses or links to a second C runtime.",
    source="rustup, Toolchains; tokenizers-cpp's CMakeLists.txt",
    run=_run,
    waits=True,
    platforms=("win32",),
)
