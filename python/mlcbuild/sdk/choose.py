"""Choose the Windows SDK of a cross build: as the user says, never guessed.

xwin downloads Microsoft's SDK, when the user has accepted Microsoft's licence.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError, InputError, UsageError
from mlcbuild.programs import find_program, run
from mlcbuild.sdk.windows_sdk import ARCHITECTURES, WindowsSdk, read_sdk

if TYPE_CHECKING:
    from mlcbuild.llvm import Llvm
    from mlcbuild.platforms import Machine

#: Seconds; about 300 MB are downloaded and unpacked.
_PATIENCE: Final = 3600


def fetch_microsofts(
    cache: Path, machine: Machine, env: Mapping[str, str], notice: Callable[[str], None]
) -> WindowsSdk:
    """Return Microsoft's SDK for ``machine``, downloaded once and kept in ``cache``.

    Raises ``FailedError`` where neither xwin nor cargo-xwin is installed, ``InputError`` with its
    last output line where it fails.
    """
    from mlcbuild.sources.cache import stage_folder  # noqa: PLC0415 - locks, temporary folders

    folder = cache / "sdk" / f"microsoft-{machine}"

    def make(staged: Path) -> None:
        command, extra = _command(env, staged, machine)
        notice("xwin downloads Microsoft's C++ library and Windows SDK (licence accepted)")
        try:
            done = run(command, env={**env, **extra}, capture_output=True, timeout=_PATIENCE)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise FailedError(f"xwin does not run ({error})") from error
        if done.returncode != 0:
            raise InputError(
                f"xwin cannot download Microsoft's SDK: {_last_words(done.stderr)}",
                remedy="check the network and the proxy, or name an existing one: --sdk DIR",
            )
        _lift(staged)

    stage_folder(folder, make, notice)
    return read_sdk(folder, machine)


def _command(
    env: Mapping[str, str], staged: Path, machine: Machine
) -> tuple[list[str], dict[str, str]]:
    """Return the command and its extra variables; it fills ``staged`` with ``crt`` and ``sdk``."""
    architecture = ARCHITECTURES[machine][0]
    if program := find_program("xwin", env):
        words = ["--accept-license", "--cache-dir", os.fspath(staged / "downloads")]
        words += ["--arch", architecture, "splat", "--output", os.fspath(staged)]
        return [program, *words], {}
    if program := find_program("cargo-xwin", env):
        return [program, "cache", "xwin"], {
            "XWIN_CACHE_DIR": os.fspath(staged),
            "XWIN_ARCH": architecture,
        }
    raise FailedError(
        "downloading Microsoft's SDK needs xwin",
        remedy="pip install cargo-xwin, or: cargo install xwin",
    )


def _lift(staged: Path) -> None:
    """Move ``crt`` and ``sdk`` to their place in the SDK, and delete the downloads."""
    found = next(
        (path.parent for path in staged.rglob("crt") if (path.parent / "sdk").is_dir()), None
    )
    if found is not None and found != staged:
        for part in ("crt", "sdk"):
            (found / part).rename(staged / part)
    for path in list(staged.iterdir()):
        if path.name not in ("crt", "sdk"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _last_words(stderr: bytes) -> str:
    """Return the error and its cause, without Rust's stack backtrace."""
    said = stderr.decode(errors="replace").partition("Stack backtrace:")[0]
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    first = next((at for at, line in enumerate(lines) if line.startswith("Error")), -1)
    telling = [line for line in lines[first:] if line != "Caused by:"]
    return "; ".join(telling) or "it printed nothing"


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
        from mlcbuild.sdk.choose import fetch_microsofts  # noqa: PLC0415 - starts programs

        return fetch_microsofts(cache, machine, env, notice)
    raise UsageError(
        "which Windows SDK? xwin downloads Microsoft's when you accept its licence "
        f"(--accept-license, or {ACCEPT_VARIABLE}=1)",
        remedy="or name one with --sdk DIR, or use the free one, for CI and tests: --sdk free",
    )
