"""The compiler and the SDK for any project: clang-cl with a Windows SDK, without Rust."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild.llvm import find_llvm
from mlcbuild.sdk.choose import choose_sdk
from mlcbuild.toolchain.decision import ClangCl

if TYPE_CHECKING:
    from mlcbuild.platforms import Machine


def find_toolchain(
    asked: str,
    *,
    accepted: bool,
    machine: Machine,
    cache: Path,
    env: Mapping[str, str],
    notice: Callable[[str], None],
) -> ClangCl:
    """Find clang-cl with its tools and the SDK that ``asked`` names; make the SDK if needed.

    Raises ``MlcbuildError`` with one line for the first missing tool.
    """

    def fetch_stl() -> Path:
        from mlcbuild.sdk.free import COMPONENT, own_lock  # noqa: PLC0415 - reads export tables
        from mlcbuild.sources.fetch import fetch  # noqa: PLC0415
        from mlcbuild.sources.lock import load  # noqa: PLC0415

        into = cache / "sdk" / "sources"
        into.mkdir(parents=True, exist_ok=True)
        fetch(load(own_lock()), into=into, cache=cache, only=[COMPONENT])
        return into / COMPONENT

    llvm = find_llvm(env)
    sdk = choose_sdk(
        asked,
        accepted=accepted,
        env=env,
        machine=machine,
        cache=cache,
        llvm=llvm,
        fetch_stl=fetch_stl,
        notice=notice,
    )
    return ClangCl(llvm=llvm, sdk=sdk)
