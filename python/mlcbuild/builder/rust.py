"""Rust for a build on a machine with none or an old one: installed by rustup, in the cache.

As in maturin, ``puccinialin`` from the package index, required by the PEP 517 hooks, runs rustup.
The user's settings stay untouched: no PATH, no shell start-up file.
"""

from __future__ import annotations

import os
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError
from mlcbuild.sources.cache import cache_folder
from mlcbuild.toolchain.activate import environment_set

if TYPE_CHECKING:
    from mlcbuild.builder.options import BuildOptions
    from mlcbuild.builder.probe import SystemProbe

_INSTALLER: Final = "puccinialin>=0.1.14"
#: Bytes of rustup's minimal profile, measured on Linux.
ROOM: Final = 650_000_000


def is_wanted(probe: SystemProbe, options: BuildOptions, oldest: str) -> bool:
    """Whether Rust must be fetched: the machine's own Cargo is absent or older than ``oldest``.

    Cross builds choose theirs among those that have the target; ``rust=found`` refuses.
    """
    if options.target != "host" or options.rust == "found":
        return False
    cargo = probe.tool("cargo")
    floor = tuple(int(part) for part in oldest.split("."))
    return cargo is None or (cargo.version is not None and cargo.version < floor)


def plan(options: BuildOptions) -> str:
    """Return where Rust will come from."""
    if kept_rust(options):
        return f"Rust from an earlier build is used ({_folder(options)})"
    size = f"{ROOM // 10**6} MB"
    return f"rustup will install Rust in {_folder(options)} ({size}; --no-rust refuses)"


def requirements(probe: SystemProbe, options: BuildOptions, oldest: str) -> list[str]:
    """Return the requirements for the installation."""
    return [_INSTALLER] if is_wanted(probe, options, oldest) and not kept_rust(options) else []


@contextmanager
def at_hand(
    probe: SystemProbe, options: BuildOptions, oldest: str, say: Callable[[str], None]
) -> Iterator[None]:
    """Put Cargo on PATH for the duration of a build, installing it first if needed.

    Raises ``InputError`` where rustup's servers cannot be reached.
    """
    if not is_wanted(probe, options, oldest):
        yield
        return
    with environment_set(kept_rust(options) or _install(options, say)):
        yield


def _folder(options: BuildOptions) -> Path:
    return cache_folder(options.cache) / "rust"


def kept_rust(options: BuildOptions) -> dict[str, str]:
    """Return the variables of the Rust in the cache, if there is one."""
    folder = _folder(options)
    programs = folder / "cargo" / "bin"
    # rustup links its programs before it installs a toolchain: check both.
    if not any(programs.glob("cargo*")) or not any(folder.glob("rustup/toolchains/*/bin/rustc*")):
        return {}
    return {
        "RUSTUP_HOME": str(folder / "rustup"),
        "CARGO_HOME": str(folder / "cargo"),
        "PATH": os.pathsep.join((str(programs), os.environ.get("PATH", ""))),
    }


def _install(options: BuildOptions, say: Callable[[str], None]) -> dict[str, str]:
    """Install Rust; does nothing without the installer, which the preflight reports."""
    if options.offline:
        return {}
    try:
        from httpx import HTTPError
        from puccinialin import setup_rust
    except ImportError:
        return {}
    folder = _folder(options)
    say(f"no usable Cargo here: installing Rust in {folder} with rustup ({ROOM // 10**6} MB)")
    try:
        with environment_set(_certificates()):
            setup_rust(installation_dir=folder)
    except (HTTPError, OSError, RuntimeError, subprocess.CalledProcessError) as error:
        raise InputError(
            f"Rust cannot be installed ({error})",
            remedy="allow access to https://static.rust-lang.org, or install Rust yourself",
        ) from error
    return kept_rust(options)


def _certificates() -> dict[str, str]:
    """Make the installer use this machine's certificates instead of its own list."""
    if "SSL_CERT_FILE" in os.environ or "SSL_CERT_DIR" in os.environ:
        return {}
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return {"SSL_CERT_FILE": paths.cafile}
    return {"SSL_CERT_DIR": paths.capath} if paths.capath else {}
