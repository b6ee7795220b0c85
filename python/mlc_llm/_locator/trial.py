"""``python -m mlc_llm.libinfo --load``: load for real, where a crash does no harm.

An initialiser that ends the process, or never comes back, leaves nothing to explain in the process
itself. In a child it is a result like any other.
"""

from __future__ import annotations

import signal
import subprocess
import sys

from mlc_llm._locator.explain import what_fails
from mlc_llm._locator.installed import library_folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mlc_llm._locator.host import Host

__all__ = ["try_load"]

_PATIENCE = 60


def try_load(path: str, host: Host) -> dict[str, Any]:
    """Load ``path`` in a child; say what fails: its culprit, cause, reason and fix."""
    if host.system == "windows":
        verdict = what_fails(path, host, library_folders())
        if verdict is None:
            return {"good": True, "text": "load: good, every library by itself"}
        return {
            "good": False,
            "cause": verdict.cause,
            "culprit": verdict.culprit,
            "reason": verdict.reason,
            "fix": verdict.fix,
            "text": f"load: {verdict.reason}\nculprit: {verdict.culprit}\nfix: {verdict.fix}",
        }
    done = subprocess.run(
        [sys.executable, "-c", "import mlc_llm"],
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )
    said = done.stderr.strip()
    reason = said or f"the process {_ended(done.returncode)}"
    good = done.returncode == 0
    return {"good": good, "reason": reason, "text": "load: good" if good else f"load: {reason}"}


def _ended(code: int) -> str:
    """Say how a process ended: a negative code is the signal that killed it."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
