"""Wait for a Wine process; some hang forever when their server was ended."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

from mlcbuild.programs import start

#: Exited by itself, hit its time limit, or lost its server.
Ending = Literal["itself", "limit", "server"]
#: Seconds between two checks of the server; a check takes 3 ms.
_LOOK_S: Final = 3.0


def wait(
    process: subprocess.Popen[bytes],
    limit_s: float | None,
    serves: Callable[[], bool],
    stop: Callable[[], bool] = lambda: False,
) -> Ending:
    """Wait for a process; return which of the three happened. After the last two it still runs.

    ``stop`` is polled; when true the time limit counts as reached.
    """
    began = time.monotonic()
    while True:
        left = None if limit_s is None else limit_s - (time.monotonic() - began)
        try:
            process.wait(_LOOK_S if left is None else max(0.0, min(left, _LOOK_S)))
        except subprocess.TimeoutExpired:
            if stop() or (left is not None and left <= _LOOK_S):
                return "limit"
            if not serves():
                return "server"
        else:
            return "itself"


def quiet(
    command: Sequence[str],
    environment: Mapping[str, str],
    limit_s: float,
    *,
    serves: Callable[[], bool] = lambda: True,
) -> int:
    """Run a program without our open files; return its exit code, -1 where it was killed."""
    process = start(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.returncode if wait(process, limit_s, serves) == "itself" else -1
    finally:
        process.kill()
        process.wait()
