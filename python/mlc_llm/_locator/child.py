"""A child Python of this environment: where a crash, or a load that hangs, does no harm."""

from __future__ import annotations

import os
import subprocess
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Ended", "run_python"]


class Ended:
    """How a child ended; ``hung``: it was ended, after its time."""

    __slots__ = ("code", "errors", "hung", "output")

    def __init__(self, code: int, output: bytes, errors: bytes, *, hung: bool) -> None:
        self.code = code
        self.output = output.decode("utf-8", "replace")
        self.errors = errors.decode("utf-8", "replace")
        self.hung = hung


def run_python(arguments: Sequence[str], patience: float) -> Ended:
    """Run this environment's Python for at most ``patience`` seconds.

    It is named by its path, so that nothing is looked for. ``arguments`` are a
    script's, or code that takes the current folder off ``sys.path`` first. Raises ``OSError``
    where it cannot start.
    """
    child = subprocess.Popen(
        [_interpreter(), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    hung = False
    try:
        output, errors = child.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        hung = True
        child.kill()
        output, errors = child.communicate()
    return Ended(child.returncode, output, errors, hung=hung)


def _interpreter() -> str:
    """Return a python.exe, also where Python is part of another program."""
    running = sys.executable or ""
    if os.path.basename(running).lower().startswith("python"):
        return running
    return os.path.join(sys.base_prefix, "python.exe")
