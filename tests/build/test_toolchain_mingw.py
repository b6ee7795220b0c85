from __future__ import annotations

import pytest
from mlcbuild.build.toolchain.mingw import GnuCompiler, MingwMachine, Rust, choose_mingw
from mlcbuild.errors import FailedError, UsageError

POSIX = GnuCompiler(
    c="/usr/bin/gcc-posix", cxx="/usr/bin/g++-posix", version=(12, 2), threads="posix"
)
WIN32 = GnuCompiler(
    c="/usr/bin/gcc-win32", cxx="/usr/bin/g++-win32", version=(12, 2), threads="win32"
)
RUSTUP = Rust(cargo="/c", rustc="/r", version=(1, 95, 0), origin="rustup", has_target=True)
BARE = Rust(cargo="/c", rustc="/r", version=(1, 95, 0), origin="rustup")
DEBIAN = Rust(
    cargo="/usr/bin/cargo",
    rustc="/usr/bin/rustc",
    version=(1, 96, 0),
    origin="the distribution",
    has_sources=True,
)


def machine(*rusts: Rust, compilers: tuple[GnuCompiler, ...] = (POSIX,)) -> MingwMachine:
    return MingwMachine(platform="linux", compilers=compilers, rusts=rusts)


def test_a_rust_that_has_the_target_is_taken_as_it_is() -> None:
    choice = choose_mingw(machine(DEBIAN, RUSTUP), oldest_rust=(1, 78))
    assert choice.rust == RUSTUP
    assert choice.define["MLCBUILD_RUST_BUILD_STD"] == "OFF"
    assert "RUSTC_BOOTSTRAP" not in choice.rust_environment


def test_sources_of_rust_are_compiled_where_no_rust_has_the_target() -> None:
    choice = choose_mingw(machine(BARE, DEBIAN), oldest_rust=(1, 78))
    assert choice.define["MLCBUILD_CARGO"] == "/usr/bin/cargo"
    assert choice.rust_environment["CARGO_UNSTABLE_BUILD_STD"] == "std,panic_abort"
    assert "compiled from the sources" in choice.choice.text


def test_a_rust_older_than_the_crates_need_is_passed_over() -> None:
    old = Rust(cargo="/o", rustc="/o", version=(1, 63, 0), origin="PATH", has_target=True)
    assert choose_mingw(machine(old, DEBIAN), oldest_rust=(1, 78)).rust == DEBIAN


def test_the_reasons_that_are_stamped_hold_no_path() -> None:
    choice = choose_mingw(machine(RUSTUP), oldest_rust=(1, 78))
    assert "/" not in choice.choice.text
    assert choice.choice.family == "mingw"


def test_a_compiler_with_win32_threads_is_refused_with_the_package_to_install() -> None:
    with pytest.raises(
        FailedError, match=r"12\.2 with win32 threads.*g\+\+-mingw-w64-x86-64-posix"
    ):
        choose_mingw(machine(RUSTUP, compilers=(WIN32,)), oldest_rust=(1, 78))


def test_all_that_is_missing_is_said_in_one_line() -> None:
    with pytest.raises(FailedError) as caught:
        choose_mingw(machine(BARE, compilers=()), oldest_rust=(1, 78))
    text = str(caught.value)
    assert "\n" not in text
    for word in ("g++-mingw-w64-x86-64-posix", "cargo-web", "rustc-web", "rust-web-src", "rustup"):
        assert word in text


def test_it_is_a_matter_of_linux() -> None:
    with pytest.raises(UsageError, match="mlcbuild wheel -o dist"):
        choose_mingw(MingwMachine(platform="darwin"), oldest_rust=(1, 78))
