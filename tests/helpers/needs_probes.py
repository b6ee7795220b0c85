"""Try what programs and files alone do not tell: each returns what lacks, "" where nothing does."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = [
    "AXE",
    "AXE_COMMAND",
    "actionlint",
    "asked_for",
    "axe",
    "find_actionlint",
    "index",
    "lab",
    "laid_out",
    "linux_only",
    "rust_for_windows",
    "sources",
    "windows",
]

ROOT = Path(__file__).parents[2]
_ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
_AXE_FOLDER = ROOT / ".venv" / "axe"
#: The one file that is used of it, and the bytes of the release that is asked for.
AXE = _AXE_FOLDER / "node_modules" / "axe-core" / "axe.min.js"
_AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
AXE_COMMAND = (
    *("npm", "install", "--silent", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"),
    *("--prefix", str(_AXE_FOLDER), "axe-core@4.14.1"),
)
#: Seconds that a server may take to answer.
_LIMIT_S = 60


def linux_only() -> str:
    """Say where this is no Linux."""
    return "" if sys.platform.startswith("linux") else "set up on Linux only"


def windows() -> str:
    """Say where this is not Windows."""
    return "" if sys.platform == "win32" else "Windows' own"


def laid_out() -> str:
    """Say where upstream's package is not in the checkout."""
    folder = ROOT / "3rdparty" / "mlc-llm" / "python"
    return "" if folder.is_dir() else "they are not"


def asked_for(variable: str) -> str:
    """Say where a variable of the environment is not set."""
    return "" if os.environ.get(variable) else f"{variable} is not set"


def axe() -> str:
    """Say where axe-core is not in the checkout, or is another release."""
    if not AXE.is_file():
        return f"no {AXE.relative_to(ROOT).as_posix()}"
    same = hashlib.sha256(AXE.read_bytes()).hexdigest() == _AXE_SHA256
    return "" if same else f"{AXE.relative_to(ROOT).as_posix()} is another release"


def lab() -> str:
    """Make and start the lab, as the tests do."""
    from mlcbuild.errors import InputError, UsageError  # noqa: PLC0415 - the set-up lacks mlcbuild
    from mlcbuild.lab import up  # noqa: PLC0415

    try:
        up(notice=print)
    except (InputError, UsageError) as error:
        return str(error)
    return ""


def rust_for_windows() -> str:
    """Choose a Rust as the cross build does."""
    from mlcbuild.errors import MlcbuildError  # noqa: PLC0415
    from mlcbuild.platforms import WINDOWS_AMD64  # noqa: PLC0415
    from mlcbuild.toolchain.rust import choose_rust, read_rusts  # noqa: PLC0415

    target = WINDOWS_AMD64.triple
    try:
        choose_rust(read_rusts(os.environ, target), target=target, oldest=())
    except MlcbuildError as error:
        return str(error)
    return ""


def index() -> str:
    """Ask the index for a project."""
    from mlcbuild.errors import MlcbuildError  # noqa: PLC0415
    from mlcbuild.sources.index import Index  # noqa: PLC0415

    try:
        found = Index.configured().find_files("packaging")
    except MlcbuildError as error:
        return str(error)
    return "" if found else "it has no packaging"


def sources() -> str:
    """Ask every pinned repository; what lies in a cache is no answer."""
    from mlcbuild.sources.fetch import default_mirror  # noqa: PLC0415
    from mlcbuild.sources.git import mirror_url  # noqa: PLC0415
    from mlcbuild.sources.lock import GitOrigin, load  # noqa: PLC0415

    if not shutil.which("git"):
        return "no git"
    mirror = default_mirror()
    lock = load(ROOT / "3rdparty" / "sources.toml")
    origins = (component.origin for component in lock.components)
    for url in sorted({origin.url for origin in origins if isinstance(origin, GitOrigin)}):
        command = ["git", "ls-remote", "--exit-code", mirror_url(mirror, url) if mirror else url]
        if not _answers([*command, "HEAD"], GIT_TERMINAL_PROMPT="0"):
            return f"{url} cannot be reached"
    return ""


def actionlint() -> str:
    """Find actionlint, or have Go build it."""
    found = find_actionlint()
    return "" if _answers([*found, "-version"]) else f"{' '.join(found)} does not run"


def find_actionlint() -> list[str]:
    """Return the command of actionlint; Go builds it where it is not installed."""
    if found := shutil.which("actionlint"):
        return [found]
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    return [go or "go", "run", _ACTIONLINT]


def _answers(command: list[str], **env: str) -> bool:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            check=False,
            timeout=_LIMIT_S,
            env={**os.environ, **env},
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
