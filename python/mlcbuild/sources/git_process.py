"""Runs Git: never prompts, always in English, ignores a calling Git's repository."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from mlcbuild.errors import InputError, MlcbuildError
from mlcbuild.programs import start

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
#: Whatever the cache's owner, and without the hooks of the user's own repositories.
_OPTIONS: Final = ("-c", "safe.directory=*", "-c", f"core.hooksPath={os.devnull}")


class StoppedError(MlcbuildError):
    """The fetch was interrupted in another thread; only that interruption is reported."""


def _environment() -> dict[str, str]:
    """Return an environment in which Git never prompts and prints English."""
    environment = {k: v for k, v in os.environ.items() if k not in _FOREIGN}
    environment |= {
        "GIT_TERMINAL_PROMPT": "0",
        "GCM_INTERACTIVE": "never",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
        "LANGUAGE": "",
    }
    # A silent server must not block the build forever.
    environment.setdefault("GIT_HTTP_LOW_SPEED_LIMIT", "100")
    environment.setdefault("GIT_HTTP_LOW_SPEED_TIME", "60")
    if "GIT_SSH" not in environment:
        environment.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
    return environment


class Git:
    """Starts Git processes, and ends the running ones when the fetch is interrupted."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self._running: set[subprocess.Popen[Any]] = set()
        self._lock = threading.Lock()

    def stop(self) -> None:
        """End every process, and let none start."""
        with self._lock:
            self.stopped.set()
            for process in self._running:
                process.kill()

    @contextlib.contextmanager
    def start(self, arguments: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:  # noqa: ANN401
        """Start Git with pipes, and end it on exit. ``options`` go to ``Popen``.

        Raises ``InputError`` when there is no Git, ``StoppedError`` after ``stop``.
        """
        with self._lock:
            if self.stopped.is_set():
                raise StoppedError("interrupted")
            try:
                process = start(
                    ["git", *_OPTIONS, *arguments],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=_environment(),
                    **options,
                )
            except (FileNotFoundError, PermissionError) as error:
                raise InputError(
                    "Git is needed to fetch the sources and was not found on PATH",
                    remedy="install Git (https://git-scm.com); if it was just installed, open a "
                    "new terminal",
                ) from error
            self._running.add(process)
        try:
            yield process
        finally:
            process.kill()  # no effect on a process that has ended
            for pipe in (process.stdin, process.stdout, process.stderr):
                with contextlib.suppress(OSError):
                    if pipe is not None:
                        pipe.close()
            process.wait()
            with self._lock:
                self._running.discard(process)

    def run(
        self,
        arguments: Sequence[str],
        *,
        data: str = "",
        hear: Callable[[str], bool] | None = None,
        folder: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run Git to its end; the caller judges the exit code. Raises as ``start`` does.

        ``hear`` receives each line of stderr as it comes; lines it returns True for are dropped.
        """
        with self.start(
            arguments, stderr=subprocess.PIPE, encoding="utf-8", errors="replace", cwd=folder
        ) as process:
            if hear is None:
                out, err = process.communicate(data)
            else:
                out, err = _heard(process, data, hear)
        if self.stopped.is_set():
            raise StoppedError("interrupted")
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def _heard(
    process: subprocess.Popen[str], data: str, hear: Callable[[str], bool]
) -> tuple[str, str]:
    """Like ``communicate``, but pass each line of stderr to ``hear`` as it comes."""
    kept: list[str] = []

    def listen() -> None:
        # Git rewrites its progress with carriage returns: they end a line too.
        kept.extend(line for line in process.stderr or () if not hear(line.rstrip()))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        if process.stdin is not None:
            process.stdin.write(data)
            process.stdin.close()
    except OSError as error:  # it exited without reading all input; EINVAL on Windows
        if error.errno not in {errno.EPIPE, errno.EINVAL}:
            raise
    out = process.stdout.read() if process.stdout is not None else ""
    process.wait()
    thread.join()
    return out, "".join(kept)
