"""Choose the Windows SDK of a cross build: as the user says, never guessed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import UsageError
from mlcbuild.sdk.windows_sdk import WindowsSdk, read_sdk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlcbuild.llvm import Llvm
    from mlcbuild.platforms import Machine

FREE: Final = "free"
SDK_VARIABLE: Final = "MLCBUILD_WINDOWS_SDK"
#: xwin's own variable: acceptance for xwin counts here too.
ACCEPT_VARIABLE: Final = "XWIN_ACCEPT_LICENSE"
_YES: Final = frozenset({"1", "on", "true", "yes"})


def choose_sdk(
    asked: str,
    *,
    accepted: bool,
    env: Mapping[str, str],
    machine: Machine,
    cache: Path,
    llvm: Llvm,
    fetch_stl: Callable[[], Path],
    notice: Callable[[str], None],
) -> WindowsSdk:
    """Return the SDK that ``asked`` names: ``free``, a folder, or nothing.

    By default xwin downloads Microsoft's, if the user has accepted its licence. Raises
    ``UsageError`` where there is neither, ``InputError`` and ``FailedError`` for an SDK that cannot
    be read or made.
    """
    asked = asked or env.get(SDK_VARIABLE, "")
    if asked == FREE:
        from mlcbuild.sdk.free import make_free_sdk  # noqa: PLC0415 - reads the export tables

        return make_free_sdk(cache, fetch_stl(), llvm, machine, notice)
    if asked:
        return read_sdk(Path(os.path.expanduser(asked)), machine)  # noqa: PTH111 - a text so far
    if accepted or env.get(ACCEPT_VARIABLE, "").casefold() in _YES:
        from mlcbuild.sdk.xwin import fetch_microsofts  # noqa: PLC0415 - starts programs

        return fetch_microsofts(cache, machine, env, notice)
    raise UsageError(
        "which Windows SDK? xwin downloads Microsoft's when you accept its licence "
        f"(--accept-license, or {ACCEPT_VARIABLE}=1)",
        remedy="or name one with --sdk DIR, or use the free one, for CI and tests: --sdk free",
    )
