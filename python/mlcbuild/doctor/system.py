"""The interface to the machine: registry, processes, files, environment, platform.

Checks use only a ``System``, so that tests can describe any machine: Windows checks run on Linux
against a fake one (``tests/helpers/fakemachine.py``). ``doctor.real`` is the real machine. Paths
are strings of the examined platform: join and split them with ``system.path``, never with
``pathlib``.
"""

from __future__ import annotations

import ntpath
import posixpath
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Literal, TypeVar

from mlcbuild.versions import Version, dotted, find_version

if TYPE_CHECKING:
    from mlcbuild.pe.facts import Image

_Found = TypeVar("_Found")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """An ended process. ``code`` is None where it did not start or did not end in time."""

    code: int | None
    out: str = ""
    err: str = ""
    #: Why there is no exit code.
    problem: str = ""

    @property
    def good(self) -> bool:
        """Whether it ended with exit code 0."""
        return self.code == 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A file or folder. ``size`` is in bytes."""

    kind: Literal["file", "folder"]
    size: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Python:
    """The interpreter that is examined: the one that runs mlcbuild."""

    executable: str
    version: tuple[int, int, int]
    bits: int
    prefix: str
    base_prefix: str
    #: ``sysconfig.get_platform()``: ``win-amd64``, ``win32``, ``win-arm64``, ``linux-x86_64``.
    platform: str
    #: Folders with installed distributions, in ``sys.path`` order.
    site_packages: tuple[str, ...]
    implementation: str = "cpython"
    free_threaded: bool = False
    #: ``sys.version``.
    build: str = ""


class System(ABC):
    """A machine. Methods return None or an empty value on failure; none raises OSError."""

    #: ``sys.platform``: ``win32``, ``linux``, ``darwin``.
    platform: str
    #: ``platform.machine()``: ``AMD64``, ``ARM64``, ``x86_64``, ``aarch64``.
    machine: str
    python: Python
    #: The current folder, the user's home folder, name and host name.
    folder: str
    home: str
    user: str
    host: str

    # ------------------------------------------------------------------ what a machine answers
    @abstractmethod
    def environment(self) -> Mapping[str, str]:
        """Return all environment variables."""

    @abstractmethod
    def registry(self, key: str) -> Mapping[str, object] | None:
        r"""Return the values of a key, ``HKLM\SOFTWARE\...``; None where it does not exist.

        This is the 64-bit view; 32-bit programs' keys are below ``SOFTWARE\WOW6432Node``.
        """

    @abstractmethod
    def registry_keys(self, key: str) -> tuple[str, ...]:
        """Return the names of the keys below a key."""

    @abstractmethod
    def run(self, *command: str, limit_s: float = 20.0) -> Ran:
        """Run a program to its end. The same command runs once; its result is cached."""

    @abstractmethod
    def entry(self, path: str) -> Entry | None:
        """Return what exists at a path; None where nothing does, or access is denied."""

    @abstractmethod
    def names(self, folder: str) -> tuple[str, ...] | None:
        """Return the names in a folder; None where it is not a readable folder."""

    @abstractmethod
    def read(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
        """Return the first ``limit`` bytes of a file; None where it cannot be read."""

    @abstractmethod
    def image(self, path: str) -> Image | None:
        """Return the facts of a PE image; None for another file."""

    @abstractmethod
    def free_bytes(self, folder: str) -> int | None:
        """Return the free bytes of the volume of a folder, which need not exist yet."""

    @abstractmethod
    def writable(self, folder: str) -> bool:
        """Return whether a file can be created in a folder."""

    @abstractmethod
    def fetch(self, url: str, *, proxy: str = "", limit_s: float = 10.0) -> str:
        """Request a page; return the error, or ``""``.

        Uses ``proxy``, else the environment's (on Windows and macOS: the system's).
        """

    @abstractmethod
    def rename(self, old: str, new: str) -> str:
        """Rename a file, for ``--fix``; return the error, or ``""``. Never replaces a file."""

    def callers(self) -> tuple[str, ...]:
        """Return the names of the programs that started this one, nearest first.

        ``("python.exe", "mlcbuild.exe", "cmd.exe")``; empty where unknown.
        """
        return ()

    # ------------------------------------------------------------------ what follows from that
    def once(self, what: Hashable, find: Callable[[], _Found]) -> _Found:
        """Return what ``find`` finds; a machine that does not change keeps it under ``what``."""
        del what
        return find()

    @property
    def windows(self) -> bool:
        """Whether this is Windows."""
        return self.platform == "win32"

    @property
    def path(self) -> ModuleType:
        """``ntpath`` or ``posixpath``, for the examined machine."""
        return ntpath if self.windows else posixpath

    def variable(self, name: str) -> str:
        """Return an environment variable, or ``""``; on Windows case does not matter."""
        environment = self.environment()
        if name in environment or not self.windows:
            return environment.get(name, "")
        wanted = name.upper()
        return next((v for key, v in environment.items() if key.upper() == wanted), "")

    def join(self, *parts: str) -> str:
        """Join parts of a path."""
        return str(self.path.join(*parts))

    def is_file(self, path: str) -> bool:
        """Return whether a path is a file."""
        entry = self.entry(path)
        return entry is not None and entry.kind == "file"

    def is_folder(self, path: str) -> bool:
        """Return whether a path is a folder."""
        entry = self.entry(path)
        return entry is not None and entry.kind == "folder"

    def text(self, path: str) -> str | None:
        """Return a text file, whatever its encoding; None where it cannot be read."""
        data = self.read(path)
        return None if data is None else data.decode("utf-8-sig", errors="replace")

    def path_folders(self) -> tuple[str, ...]:
        """Return the entries of PATH as searched: without quotes and empty ones."""
        separator = ";" if self.windows else ":"
        text = self.variable("PATH")
        if not self.windows and "PATH" not in self.environment():
            text = posixpath.defpath  # the system's default
        entries = (entry.strip().strip('"') for entry in text.split(separator))
        return tuple(dict.fromkeys(entry for entry in entries if entry))

    def find_all(self, program: str) -> tuple[str, ...]:
        """Return every file that a program name matches on PATH; the first wins.

        On Windows a name without suffix means ``.exe``: no build starts a ``.bat``.
        """
        if self.windows and not self.path.splitext(program)[1]:
            program += ".exe"
        wanted = program.lower() if self.windows else program
        found = (
            self.join(folder, name)
            for folder in self.path_folders()
            if self.path.isabs(folder)  # a relative entry depends on the current folder
            for name in self.names(folder) or ()
            if (name.lower() if self.windows else name) == wanted
        )
        return tuple(path for path in found if self.is_file(path))

    def find(self, program: str) -> str | None:
        """Return the file that a program name matches first on PATH, or None."""
        return next(iter(self.find_all(program)), None)

    def version_of(self, path: str, option: str = "--version") -> tuple[Version | None, str]:
        """Return a program's version, None where it does not run, and the evidence for either."""
        done = self.run(path, option)
        version = find_version(done.out) if done.good else None
        if version is None:
            return None, f"{path}: {done.problem or f'exits with code {done.code}'}"
        return version, f"{path} {dotted(version)}"

    def ask(self, program: str, *arguments: str) -> str:
        """Return the output of a program on PATH, ``""`` where it is absent or fails."""
        path = self.find(program)
        done = self.run(path, *arguments) if path else None
        return done.out if done is not None and done.good else ""
