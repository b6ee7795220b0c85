"""The one door to Git: never prompts, speaks English, ignores a calling Git's repository."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["run_git", "start_git"]

#: Set by a calling Git (hooks, rebase) and pointing at *its* repository.
_FOREIGN: Final = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
)


def _no_git() -> InputError:
    return InputError(
        "Git is needed to bring the sources and was not found on PATH",
        remedy="install Git (https://git-scm.com); if it was just installed, open a new terminal",
    )


def _environment() -> dict[str, str]:
    """Return an environment in which Git never prompts and speaks English."""
    environment = {k: v for k, v in os.environ.items() if k not in _FOREIGN}
    environment |= {
        "GIT_TERMINAL_PROMPT": "0",
        "GCM_INTERACTIVE": "never",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
        "LANGUAGE": "",
    }
    # A server that went silent must not hold the build forever.
    environment.setdefault("GIT_HTTP_LOW_SPEED_LIMIT", "100")
    environment.setdefault("GIT_HTTP_LOW_SPEED_TIME", "60")
    if "GIT_SSH" not in environment:
        environment.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
    return environment


def start_git(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a Git that is spoken to through its standard streams; the caller ends it."""
    try:
        return subprocess.Popen(
            ["git", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
    except (FileNotFoundError, PermissionError) as error:
        raise _no_git() from error


def run_git(
    arguments: Sequence[str], *, data: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Git and return what it said; the caller judges the exit code.

    Raises ``InputError`` when there is no Git.
    """
    try:
        return subprocess.run(
            ["git", *arguments],
            input=data,
            cwd=cwd,
            env=_environment(),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except (FileNotFoundError, PermissionError) as error:
        raise _no_git() from error
