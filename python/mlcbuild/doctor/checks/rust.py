"""Rust: Cargo, and the target it builds for."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from mlcbuild.doctor.check import Outcome, System, check, fail, ok, skip
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.shell import prepend_path, unset
from mlcbuild.doctor.trees import absent
from mlcbuild.platforms import by_tag
from mlcbuild.versions import Version, dotted, find_version


def find_rust(system: System, program: str) -> str | None:
    """Find a Rust program on PATH, or in rustup's folder, as the build does."""
    found = system.find(program)
    if found is not None:
        return found
    home = system.variable("CARGO_HOME") or system.join(system.home, ".cargo")
    path = system.join(home, "bin", f"{program}.exe" if system.windows else program)
    return path if system.is_file(path) else None


def install_rust(system: System) -> str:
    """Return the command that installs rustup; distributions' own Rust is often too old."""
    if system.windows:
        return install(system, "rustup")
    return "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y"


def toolchain(system: System) -> str:
    """Return rustup's name of the stable toolchain that matches Python."""
    platform = by_tag(system.python.platform)
    return f"stable-{platform.triple}" if platform else "stable"


#: Oldest Rust of the pinned crates where their lock (3rdparty/sources.toml) is not available.
_OLDEST_RUST: Final = (1, 78)


@check(
    title="Cargo is new enough",
    why="tokenizers-cpp compiles Hugging Face's tokenizers. Distributions ship a Cargo that is too "
    "old for its crates, and one that is first on PATH hides rustup's.",
    source="3rdparty/sources.toml",
    waits=True,
)
def cargo(system: System) -> Outcome:
    fix = partial(install_rust, system)
    path = find_rust(system, "cargo")
    if path is None:
        return absent(
            system, "Cargo is not installed: the tokenizers are written in Rust", fix=fix()
        )
    done = system.run(path, "--version")
    version = find_version(done.out) if done.good else None
    if version is None:
        why = done.err.strip().splitlines()[:1]
        return fail(
            "Cargo does not run",
            evidence=(f"{path}: {done.problem or ' '.join(why) or f'exit code {done.code}'}",),
            fix=f"rustup default {toolchain(system)}" if "rustup" in done.err else fix(),
        )
    floor = _oldest_rust(system)
    if version < floor:
        managed = system.find("rustup") is not None and ".cargo" in path
        return fail(
            f"Cargo {dotted(version)} is older than {dotted(floor)}, which the pinned crates need",
            evidence=[f"{each} {dotted(version)}" for each in (path,)]
            + [f"also on PATH: {other}" for other in system.find_all("cargo") if other != path],
            fix="rustup update stable" if managed else fix(),
        )
    return ok(f"Cargo {dotted(version)}", evidence=(f"{path} {dotted(version)}",))


def _oldest_rust(system: System) -> Version:
    text = system.text(system.join(system.folder, "3rdparty", "sources.toml")) or ""
    match = re.search(r'^rust = "([\d.]+)"', text, re.MULTILINE)
    return tuple(int(part) for part in match[1].split(".")) if match else _OLDEST_RUST


@check(
    title="Rust's host triple matches Python",
    why="Cargo builds for its host triple. With the -gnu toolchain the tokenizers become a MinGW "
    "archive, which MSVC's linker refuses or links to a second C runtime.",
    source="rustup, Toolchains; tokenizers-cpp's CMakeLists.txt",
    waits=True,
    platforms=("win32",),
)
def rust_host(system: System) -> Outcome:
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
        fix=_change_host(system, path),
    )


def _change_host(system: System, path: str) -> str:
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
