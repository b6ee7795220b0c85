"""Run a build: keep its output, show progress, and repeat the relevant lines on failure.

Ninja prints counts: ``[12/345] Building CXX object ...``. MSBuild prints each source file's name
but no total, which is counted from CMake's project files.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlcbuild.logfile import CHILDREN
from mlcbuild.programs import start
from mlcbuild.progress import Line, left

_NINJA: Final = re.compile(r"\s*\[(\d+)/(\d+)\] (.+)")
_WRITTEN: Final = re.compile(r"\s*-- Build files have been written to: (.+)")
_SOURCE: Final = re.compile(r"\s*(?:\d+>)?\s*([^\s:]+\.(?:c|cc|cpp|cxx|cu))\s*")
#: A compiled source. A unity build lists the originals too, as excluded from the build.
_COMPILED: Final = re.compile(
    r'<ClCompile Include="[^"]*"(?:\s*/>|>(?:(?!ExcludedFromBuild|</ClCompile>).)*</ClCompile>)',
    re.DOTALL,
)
_NAME: Final = re.compile(r"(?:Building|Linking|Generating|Performing) .*?([^\s/\\]+)\s*$")
_PHASES: Final = (
    ("Installing build dependencies", "installing build requirements"),
    ("Getting requirements to build", "getting build requirements"),
    ("fetching the pinned sources", "fetching the sources"),
    ("Configuring CMake", "configuring"),
    ("Building project with", "compiling"),
    ("Installing project into wheel", "installing"),
    ("Making wheel", "packing the wheel"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """The current step. ``total`` is 0 where unknown; ``what`` is a file or a phase."""

    done: int
    total: int
    what: str


class StepReader:
    """Reads a build's output line by line and tracks its progress."""

    def __init__(self) -> None:
        self._done = 0
        self._total = 0

    def feed(self, line: str) -> Step | None:
        """Return the step a line reports, None for any other line."""
        if found := _NINJA.match(line):
            self._done, self._total = int(found[1]), int(found[2])
            name = _NAME.search(found[3])
            return Step(done=self._done, total=self._total, what=name[1] if name else found[3])
        if found := _WRITTEN.match(line):
            self._total = compiled_files(Path(found[1].strip()))
            return None
        for mark, phase in _PHASES:
            if mark in line:
                return Step(done=0, total=0, what=phase)
        found = _SOURCE.fullmatch(line)
        if found and self._total:
            self._done += 1  # names repeat: each project has a unity_0_cxx.cxx
            return Step(
                done=self._done, total=max(self._total, self._done), what=Path(found[1]).name
            )
        return None


def compiled_files(folder: Path) -> int:
    """Return how many files the Visual Studio projects below a build folder compile."""
    try:
        projects = [path for path in folder.rglob("*.vcxproj") if "CMakeFiles" not in path.parts]
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in projects]
    except OSError:
        return 0
    return sum(len(_COMPILED.findall(text)) for text in texts)


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
