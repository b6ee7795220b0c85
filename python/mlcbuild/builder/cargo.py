"""Before compiling: fetch the pinned crates with Cargo.

The crates are fetched with ``--locked`` for the one target, so that the build needs no network
afterwards and an unreachable registry is reported at once.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlcbuild import staging
from mlcbuild.errors import FailedError, InputError
from mlcbuild.platforms import by_cmake
from mlcbuild.programs import ask, run

if TYPE_CHECKING:
    import subprocess

    from mlcbuild.toolchain import Choice


def fetch_crates(manifest: Path, lock: Path, *, target: str, offline: bool = False) -> None:
    """Lay ``lock`` beside the manifest and fetch what it names for ``target`` (a triple).

    Raises ``InputError`` where a crate cannot be reached, ``FailedError`` where Cargo refuses the
    lock (a wrong checksum, another manifest).
    """
    _lay(lock, manifest / "Cargo.lock")
    arguments = ["fetch", "--locked", "--target", target, *(["--offline"] if offline else [])]
    done = _cargo(arguments, manifest)
    if done.returncode == 0:
        return
    words = _words(done.stderr)
    if b"checksum" in done.stderr:
        raise FailedError(
            f"a crate differs from the pinned one: {words}",
            remedy="report it to the registry mirror, or empty Cargo's cache",
        )
    if b"--locked" in done.stderr:
        raise FailedError(
            f"{lock} was resolved for another manifest than the one in {manifest}",
            remedy="python scripts/pin_crates.py",
        )
    raise InputError(
        f"could not fetch the tokenizers' crates: {words}",
        remedy="build once without offline" if offline else "check the network or Cargo's proxy",
    )


def packages(manifest: Path, *, target: str) -> list[dict[str, Any]]:
    """Return ``cargo metadata``'s packages of the graph for ``target``, our own included.

    Raises ``FailedError`` where a crate is not in Cargo's cache.
    """
    arguments = ["metadata", "--locked", "--offline", "--format-version=1"]
    done = _cargo([*arguments, "--filter-platform", target], manifest)
    if done.returncode != 0:
        raise FailedError(f"cargo metadata failed: {_words(done.stderr)}")
    found: list[dict[str, Any]] = json.loads(done.stdout)["packages"]
    return found


def target_for(choice: Choice) -> str:
    """Return the triple that fits the C++ compiler, as cmake/RustTarget.cmake does.

    rustc's own triple differs where it was installed for GNU's linker, or where Python for x64 runs
    on an ARM64 machine. Raises ``FailedError`` without rustc.
    """
    platform = by_cmake(choice.architecture)
    return platform.triple if platform else host_target()


def host_target() -> str:
    """Return the triple that rustc builds for by default. Raises ``FailedError`` without rustc."""
    done = ask(["rustc", "-vV"])
    if done is None or done.returncode != 0:
        raise FailedError("rustc does not run", remedy="repair Rust with rustup")
    lines = done.stdout.decode(errors="replace").splitlines()
    return next(line.removeprefix("host: ") for line in lines if line.startswith("host: "))


def _lay(lock: Path, target: Path) -> None:
    """Copy the lock; what is right already keeps its date, so that nothing is built again."""
    try:
        pinned = lock.read_bytes()
        if not target.is_file() or target.read_bytes() != pinned:
            staging.replace(target, pinned)
    except OSError as error:
        raise InputError(f"cannot copy {lock} to {target}: {error.strerror}") from error


def _cargo(arguments: list[str], manifest: Path) -> subprocess.CompletedProcess[bytes]:
    program = os.environ.get("CARGO") or "cargo"
    try:
        return run([program, *arguments], cwd=manifest, capture_output=True)
    except OSError as error:
        raise FailedError(
            f"Cargo does not run ({error})", remedy="install Rust with rustup"
        ) from error


def _words(stderr: bytes) -> str:
    """Cut Cargo's message to its last line, the innermost cause."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
