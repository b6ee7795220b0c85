"""Wait for a Wine process: where its server was ended, some of them wait for ever."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Final, Literal

from mlcbuild.programs import start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Ending", "quiet", "wait"]

#: Ended by itself, at its time limit, or left without a server.
Ending = Literal["itself", "limit", "server"]
#: Seconds between two looks at the server; a look costs 3 ms.
_LOOK_S: Final = 3.0


def wait(
    process: subprocess.Popen[bytes],
    limit_s: float | None,
    serves: Callable[[], bool],
    stop: Callable[[], bool] = lambda: False,
) -> Ending:
    """Wait for a process; say which of the three came. It still runs after the last two.

    ``stop`` is asked now and then whether the limit is now.
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
    """Run a program that must keep nothing of ours open; its exit code, -1 where it was ended."""
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
