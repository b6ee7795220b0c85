"""``python -m mlc_llm.libinfo --load``: load for real, where a crash does no harm.

An initialiser that ends the process, or never comes back, leaves nothing to explain in the process
itself. In a child it is a result like any other.
"""

from __future__ import annotations

import os
import signal

from mlc_llm._locator.child import run_python
from mlc_llm._locator.explain import what_fails
from mlc_llm._locator.installed import library_folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mlc_llm._locator.host import Host

__all__ = ["try_load"]

_PATIENCE = 60
#: Without the current folder, which -c puts first; ours is where it was imported from.
_IMPORT = (
    "import sys; sys.path[:1] == [''] and sys.path.pop(0); "
    "sys.path.append(sys.argv[1]); import mlc_llm"
)


def try_load(path: str, host: Host) -> dict[str, Any]:
    """Load ``path`` in a child; say what fails: its culprit, cause, reason and fix."""
    if host.system == "windows":
        try:
            verdict = what_fails(path, host, library_folders())
        except OSError as error:
            reason = f"it could not be tried: {error}"
            return {"good": False, "reason": reason, "text": f"load: {reason}"}
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
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    done = run_python(["-c", _IMPORT, root], _PATIENCE)
    ended = f"does not end within {_PATIENCE} s" if done.hung else _ended(done.code)
    reason = done.errors.strip() or f"the process {ended}"
    good = done.code == 0
    return {"good": good, "reason": reason, "text": "load: good" if good else f"load: {reason}"}


def _ended(code: int) -> str:
    """Say how a process ended: a negative code is the signal that killed it."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
