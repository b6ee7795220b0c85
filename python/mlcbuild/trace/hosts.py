"""Where the children run: this Windows, or the lab's Windows Python on Linux.

A host starts a Python script with arguments and gives paths their form on either side.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mlcbuild.lab import Lab
    from mlcbuild.supervised import Finished


class Host(Protocol):
    """One machine that loads DLLs."""

    def run(self, script: Path, arguments: list[str], *, limit_s: float) -> Finished:
        """Run a script in the Python under examination, for at most ``limit_s`` seconds.

        Its code is unsigned.
        """

    def there(self, path: str) -> str:
        """Return a path of this machine as the children see it."""

    def here(self, path: str) -> str:
        """Return a path that a child reported as this machine sees it."""


@dataclass(frozen=True, slots=True)
class ThisWindows:
    """Windows itself (or a Windows Python that runs this in Wine)."""

    #: The interpreter under examination.
    python: str = field(default=sys.executable)

    def run(self, script: Path, arguments: list[str], *, limit_s: float) -> Finished:
        """Run a script; its output goes to a log, so that no pipe is held open."""
        import os  # noqa: PLC0415 - with the next, only where children are started

        from mlcbuild.supervised import run_child  # noqa: PLC0415

        with tempfile.TemporaryDirectory(prefix="mlcbuild-", ignore_cleanup_errors=True) as folder:
            done = run_child(
                [self.python, str(script), *arguments],
                environment=os.environ,
                folder=Path.cwd(),
                log=Path(folder, "log.txt"),
                limit_s=limit_s,
            )
        return replace(done, code=done.code % (1 << 32))

    def there(self, path: str) -> str:
        """Return the path as it is."""
        return path

    def here(self, path: str) -> str:
        """Return the path as it is."""
        return path


@dataclass(frozen=True, slots=True)
class LabHost:
    """The lab's Windows Python under Wine; drive Z is this machine's root."""

    lab: Lab

    def run(self, script: Path, arguments: list[str], *, limit_s: float) -> Finished:
        """Run a script in the lab."""
        done = self.lab.run(
            ["python", self.there(str(script)), *arguments], stdin=b"", timeout=limit_s
        )
        return done.finished(done.text + done.errors)

    def there(self, path: str) -> str:
        """Return a path of this machine on drive Z."""
        return self.lab.path(Path(path)) if path.startswith("/") else path

    def here(self, path: str) -> str:
        """Return a path on drive Z or C as this machine has it."""
        drive, rest = path[:3].upper(), path[3:].replace("\\", "/")
        if drive == "Z:\\":
            return f"/{rest}"
        if drive == "C:\\":
            return str(self.lab.prefix.system32.parent.parent / rest)
        return path
