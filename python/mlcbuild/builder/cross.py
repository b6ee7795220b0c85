"""Find everything a cross build needs on this machine before it starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild.builder.options import TARGETS, BuildOptions
from mlcbuild.llvm import find_llvm
from mlcbuild.platforms import by_machine
from mlcbuild.sdk.choose import choose_sdk
from mlcbuild.sources.cache import cache_folder
from mlcbuild.toolchain.decision import ClangCl
from mlcbuild.toolchain.rust import choose_rust, read_rusts

if TYPE_CHECKING:
    from mlcbuild.sources.lock import Lock
    from mlcbuild.sources.stores import Progress


def find_cross(
    options: BuildOptions,
    lock: Lock,
    *,
    env: Mapping[str, str],
    progress: Progress,
    notice: Callable[[str], None],
    crates: bool = True,
) -> ClangCl:
    """Find the compiler, the Rust and the SDK for ``options.target``; make the SDK if needed.

    Without ``crates`` no Rust is needed. Raises ``MlcbuildError`` with one line for the first
    missing tool.
    """

    def fetch_stl() -> Path:
        from mlcbuild.sdk.free import COMPONENT  # noqa: PLC0415 - reads the export tables
        from mlcbuild.sources.fetch import fetch  # noqa: PLC0415

        fetch(
            lock,
            cache=options.cache,
            mirror=options.mirror,
            offline=options.offline,
            only=[COMPONENT],
            progress=progress,
        )
        return lock.path.parent / COMPONENT

    machine = TARGETS[options.target]
    target = by_machine(machine).triple
    llvm = find_llvm(env)
    rust = None
    if crates:
        rust = choose_rust(
            read_rusts(env, target), target=target, oldest=tuple(map(int, lock.rust.split(".")))
        )
    sdk = choose_sdk(
        options.sdk,
        accepted=options.accept_license,
        env=env,
        machine=machine,
        cache=cache_folder(options.cache),
        llvm=llvm,
        fetch_stl=fetch_stl,
        notice=notice,
    )
    return ClangCl(llvm=llvm, sdk=sdk, rust=rust)


def kinds(target: str, cross: ClangCl) -> tuple[str, ...]:
    """Return this build's kinds in the lock (``only_for`` of its components)."""
    return (target, "free-sdk") if cross.sdk.kind == "free" else (target,)
