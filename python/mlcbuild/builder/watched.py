"""Run a build: keep its output, show progress, and repeat the relevant lines on failure."""

from __future__ import annotations

import re
import subprocess
import time
from typing import TYPE_CHECKING, Final

from mlcbuild.builder.steps import StepReader
from mlcbuild.logfile import CHILDREN
from mlcbuild.programs import start
from mlcbuild.progress import Line, left

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_ERROR: Final = re.compile(r"\berror\b|\bFAILED:|\bfatal\b", re.IGNORECASE)
#: Lines before the first error, and in total, to repeat when a build fails.
_BEFORE: Final = 3
_AT_MOST: Final = 60


def watch(
    command: Sequence[str],
    *,
    line: Line,
    say: Callable[[str], None] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> tuple[int, list[str]]:
    """Run a command; return its exit code and all its lines, stdout and stderr in order.

    ``say`` receives each line, if given; else ``line`` shows the steps. ``env`` and ``cwd`` default
    to the caller's.
    """
    lines: list[str] = []
    reader = StepReader()
    began = 0.0
    with start(
        command,
        env=env,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
    ) as process:
        if process.stdout is None:  # requested by the caller
            raise AssertionError
        try:
            for text in process.stdout:
                lines.append(text.rstrip())
                CHILDREN.debug("%s", lines[-1])
                if say is not None:
                    say(lines[-1])
                    continue
                step = reader.feed(lines[-1])
                if step is None:
                    continue
                if not step.total:
                    line.show(step.what)
                    continue
                began = began or time.monotonic()
                rest = left(step.done, step.total, time.monotonic() - began)
                line.show(f"{step.done} of {step.total}{rest}  {step.what}")
        except KeyboardInterrupt:
            process.wait()  # the terminal has interrupted the child too
            raise
        finally:
            line.close()
    return process.returncode, lines


def telling(lines: Sequence[str]) -> list[str]:
    """Return the relevant lines of a failed build: from shortly before the first error on."""
    first = next((i for i, text in enumerate(lines) if _ERROR.search(text)), None)
    if first is None:
        return list(lines[-_AT_MOST:])
    return list(lines[max(first - _BEFORE, 0) :][:_AT_MOST])
