"""Choose what cross-builds for 64-bit Windows: MinGW-w64's GCC, and a Rust that fits it. Pure.

``mingw_probe.read_mingw`` reads what the machine has. GCC must have POSIX threads, because
``std::thread`` and ``std::mutex`` need them. Rust needs its standard library for windows-gnu:
rustup has it ready, a distribution may have only its sources, which Cargo then compiles first
(``build-std``, a feature that stable releases keep behind ``RUSTC_BOOTSTRAP``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlcbuild.build.toolchain.choice import Choice
from mlcbuild.build.toolchain.cmake import NINJA
from mlcbuild.errors import FailedError, UsageError
from mlcbuild.mingw import RUST_TARGET

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "RUST_TARGET",
    "GnuCompiler",
    "MingwChoice",
    "MingwMachine",
    "Rust",
    "choose_compiler",
    "choose_mingw",
    "choose_rust",
    "compiler_choice",
]

#: C++20 as TVM 0.26 uses it.
_OLDEST_GCC: Final = (10,)
_APT_COMPILER: Final = "g++-mingw-w64-x86-64-posix"
_APT_RUST: Final = ("cargo-web", "rustc-web", "rust-web-src")


@dataclass(frozen=True, kw_only=True, slots=True)
class GnuCompiler:
    """One MinGW-w64 g++ with the gcc beside it. ``threads`` is GCC's word: posix, win32, mcf."""

    c: str
    cxx: str
    version: tuple[int, ...]
    threads: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rust:
    """One Cargo with its rustc, and what their installation has for the target."""

    cargo: str
    rustc: str
    version: tuple[int, ...]
    #: Where it comes from, in words.
    origin: str
    #: The standard library is there, compiled for the target.
    has_target: bool = False
    #: Its sources are there.
    has_sources: bool = False

    @property
    def environment(self) -> dict[str, str]:
        """What Cargo must see, for every one of its commands."""
        ours = {"CARGO": self.cargo, "RUSTC": self.rustc}
        if not self.has_target:
            ours |= {"RUSTC_BOOTSTRAP": "1", "CARGO_UNSTABLE_BUILD_STD": "std,panic_abort"}
        return ours


@dataclass(frozen=True, kw_only=True, slots=True)
class MingwMachine:
    """What the choice depends on; compilers and Rusts in the order they are preferred."""

    #: ``sys.platform``.
    platform: str
    compilers: tuple[GnuCompiler, ...] = ()
    rusts: tuple[Rust, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class MingwChoice:
    """The compiler and the Rust, and in words why. Reasons hold no path: they are stamped."""

    compiler: GnuCompiler
    rust: Rust
    build_std: bool
    reasons: tuple[str, ...] = ()

    @property
    def choice(self) -> Choice:
        """The same in the words of the native choice, which is printed and stamped."""
        return compiler_choice(self.compiler, *self.reasons)

    @property
    def define(self) -> dict[str, str]:
        """The cache entries that make CMake follow the choice, beside the toolchain file."""
        return {
            "MLCBUILD_MINGW_C": self.compiler.c,
            "MLCBUILD_MINGW_CXX": self.compiler.cxx,
            "MLCBUILD_CARGO": self.rust.cargo,
            "MLCBUILD_RUSTC": self.rust.rustc,
            "MLCBUILD_RUST_BUILD_STD": "ON" if self.build_std else "OFF",
        }

    @property
    def rust_environment(self) -> dict[str, str]:
        """What Cargo must see, for every one of its commands."""
        return self.rust.environment


def choose_mingw(machine: MingwMachine, *, oldest_rust: tuple[int, ...]) -> MingwChoice:
    """Choose for one machine. ``oldest_rust`` is what the pinned crates need.

    Raises ``UsageError`` where the target cannot be built from this system, and ``FailedError``
    with one line that names everything missing.
    """
    if machine.platform != "linux":
        raise UsageError(
            f"win_amd64 is cross-built on Linux, not on {machine.platform}",
            remedy="on Windows itself build for the host: mlcbuild wheel -o dist",
        )
    compiler = next((c for c in machine.compilers if _is_usable(c)), None)
    rust = choose_rust(machine.rusts, oldest=oldest_rust)
    if compiler is None or rust is None:
        raise _missing(machine, compiler, rust, oldest_rust)
    build_std = not rust.has_target
    how = "its standard library compiled from the sources" if build_std else "which has the target"
    return MingwChoice(
        compiler=compiler,
        rust=rust,
        build_std=build_std,
        reasons=(f"Rust {_dotted(rust.version)} from {rust.origin}, {how}",),
    )


def choose_rust(rusts: Iterable[Rust], *, oldest: tuple[int, ...] = ()) -> Rust | None:
    """Choose one that can make libraries for the target: compiled ones go before sources."""
    new = [rust for rust in rusts if rust.version >= oldest]
    return next((rust for rust in new if rust.has_target), None) or next(
        (rust for rust in new if rust.has_sources), None
    )


def choose_compiler(machine: MingwMachine) -> GnuCompiler:
    """Choose for sources that are C++ alone. Raises ``FailedError`` where there is none."""
    compiler = next((c for c in machine.compilers if _is_usable(c)), None)
    if compiler is None:
        raise FailedError(
            "cross-building for Windows needs MinGW-w64's g++",
            remedy=f"apt-get install --no-install-recommends {_APT_COMPILER}",
        )
    return compiler


def compiler_choice(compiler: GnuCompiler, *reasons: str) -> Choice:
    """Return the choice as it is printed and stamped; ``reasons`` are further ones."""
    said = f"GCC {_dotted(compiler.version)} with {compiler.threads} threads"
    apart = "its C++ does not mix with MSVC's: the wheels chat, they do not compile models"
    return Choice(generator=NINJA, family="mingw", reasons=(said, *reasons, apart))


def _is_usable(compiler: GnuCompiler) -> bool:
    return compiler.version >= _OLDEST_GCC and compiler.threads != "win32"


def _missing(
    machine: MingwMachine,
    compiler: GnuCompiler | None,
    rust: Rust | None,
    oldest_rust: tuple[int, ...],
) -> FailedError:
    packages: list[str] = []
    words = []
    if compiler is None:
        packages.append(_APT_COMPILER)
        found = ", ".join(
            f"{_dotted(c.version)} with {c.threads} threads" for c in machine.compilers
        )
        words.append(
            f"MinGW-w64's g++ {_dotted(_OLDEST_GCC)} or newer with POSIX threads"
            + (f" (there is {found})" if found else "")
        )
    if rust is None:
        packages += _APT_RUST
        words.append(f"Rust {_dotted(oldest_rust)} or newer with {RUST_TARGET} or its sources")
    other = f", or for Rust: rustup target add {RUST_TARGET}" if rust is None else ""
    return FailedError(
        f"cross-building for Windows needs {' and '.join(words)}",
        remedy=f"apt-get install --no-install-recommends {' '.join(packages)}{other}",
    )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
