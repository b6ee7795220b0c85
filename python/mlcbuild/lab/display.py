"""A display for Windows programs that need one: Wine's Vulkan opens the driver through X11."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from mlcbuild import programs
from mlcbuild.errors import FailedError, InputError

#: Seconds that the X server may take to start on a loaded machine.
_START_S: Final = 60.0


@contextmanager
def display() -> Iterator[str]:
    """Yield a display: the caller's DISPLAY, else a temporary Xvfb's.

    Raises ``InputError`` where Xvfb is not installed, ``FailedError`` where it does not start.
    """
    if given := os.environ.get("DISPLAY"):
        yield given
        return
    program = programs.find_program("Xvfb")
    if program is None:
        raise InputError(
            "Windows programs need a display for Vulkan, and DISPLAY is not set",
            remedy="apt-get install --no-install-recommends xvfb, or set DISPLAY",
        )
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as numbers:
        try:
            server = programs.start(
                (
                    *(program, "-displayfd", str(writer), "-nolisten", "tcp", "-noreset"),
                    *("-screen", "0", "640x480x24"),
                ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(writer,),
                start_new_session=True,  # Ctrl-C reaches only us: we end it
            )
        finally:
            os.close(writer)
        try:
            # It writes its number once it accepts connections; a closed pipe means it died.
            ready = select.select([numbers], [], [], _START_S)[0]
            number = numbers.readline().decode().strip() if ready else ""
            if not number:
                raise FailedError("Xvfb does not start", remedy="set DISPLAY to another display")
            yield f":{number}"
        finally:
            server.terminate()
            server.wait()
