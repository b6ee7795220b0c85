"""A clean place: a new virtual environment, without the caller's variables."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from mlcbuild.errors import MlcbuildError
from mlcbuild.model.hosts import HOSTS, this_host
from mlcbuild.supervised import Finished, run_child, service

#: pip installs into another environment (``--python``) from 22.3 on.
_OLDEST_PIP: Final = 23

#: Variables that would make a child load packages or libraries other than the wheel's.
_FOREIGN: Final = (
    "CONDA_PREFIX",
    "DYLD_LIBRARY_PATH",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "SKIP_LOADING_MLCLLM_SO",
    "VIRTUAL_ENV",
    "__PYVENV_LAUNCHER__",
)
_FOREIGN_PREFIXES: Final = ("MLC_", "PYTHON", "TVM_")


class Server(Protocol):
    """A child that runs in the background."""

    def poll(self) -> int | None:
        """Return its exit code once it has ended."""


class Place(Protocol):
    """Where one verification happens: this machine (``HostPlace``) or the lab (``WinePlace``)."""

    @property
    def folder(self) -> Path:
        """The folder of its own; the environment is ``venv`` in it."""

    @property
    def log(self) -> Path:
        """Where all output of the children goes, outside of the folder."""

    @property
    def python(self) -> str:
        """The interpreter of the environment."""

    @property
    def pip(self) -> tuple[str, ...]:
        """The command that installs into the environment."""

    @property
    def suffix(self) -> str:
        """The ending of a library there."""

    def run(self, arguments: Sequence[str], limit_s: float) -> Finished:
        """Run one child to its end or its time limit."""

    def serve(self, arguments: Sequence[str], limit_s: float) -> AbstractContextManager[Server]:
        """Start a child that is ended on leaving; ``limit_s`` bounds it where it is not."""

    def remote(self, path: Path) -> str:
        """Return a path of this machine as the child names it."""

    def local(self, image: str) -> Path:
        """Return the path on this machine of a file as the child names it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HostPlace:
    """The folder of one verification, and the log of all its children (outside of it)."""

    folder: Path
    log: Path
    environment: Mapping[str, str]

    @property
    def python(self) -> str:
        """The interpreter of the virtual environment."""
        below = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
        return str(self.folder / "venv" / below)

    @property
    def pip(self) -> tuple[str, ...]:
        """Our own pip, where it can install into another environment; else that one's own."""
        if has_pip():
            return (sys.executable, "-m", "pip", "--python", self.python)
        return (self.python, "-m", "pip")

    def run(self, arguments: Sequence[str], limit_s: float) -> Finished:
        """Run one child in the folder."""
        return run_child(
            arguments,
            environment=self.environment,
            folder=self.folder,
            log=self.log,
            limit_s=limit_s,
        )

    @property
    def suffix(self) -> str:
        """The ending of a library of this system."""
        return HOSTS[this_host()].suffix

    def serve(self, arguments: Sequence[str], limit_s: float) -> AbstractContextManager[Server]:  # noqa: ARG002 - whoever asks it keeps the time
        """Start a child in the folder."""
        return service(arguments, environment=self.environment, folder=self.folder, log=self.log)

    def remote(self, path: Path) -> str:
        """Return the path: the child is of this machine."""
        return str(path)

    def local(self, image: str) -> Path:
        """Return the path: the child is of this machine."""
        return Path(image)


def has_pip() -> bool:
    """Return whether our own pip can install into another environment.

    Then the environment needs no pip, which takes seconds to install.
    """
    from importlib import metadata  # noqa: PLC0415

    try:
        return int(metadata.version("pip").partition(".")[0]) >= _OLDEST_PIP
    except (metadata.PackageNotFoundError, ValueError):
        return False


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without variables that point to other packages or libraries.

    pip's own settings (index, proxy, cache) stay.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name.upper() not in _FOREIGN and not name.upper().startswith(_FOREIGN_PREFIXES)
    }
    return kept | {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONNOUSERSITE": "1",
    }


@contextmanager
def place(*, keep: bool) -> Iterator[HostPlace]:
    """Make the folder; remove it on leaving unless ``keep``. A step's failure leaves the log."""
    folder = Path(tempfile.mkdtemp(prefix="mlcbuild-verify-"))
    log = folder.with_name(folder.name + ".log")
    log.touch()
    keep_log = keep
    try:
        yield HostPlace(folder=folder, log=log, environment=clean_environment(os.environ))
    except MlcbuildError:
        keep_log = True
        raise
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
        if not keep_log:
            log.unlink(missing_ok=True)
