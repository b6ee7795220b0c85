"""Where Rust is installed, and how to install it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.doctor.installers import install
from mlcbuild.platforms import by_tag

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["find_rust", "install_rust", "toolchain"]


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
