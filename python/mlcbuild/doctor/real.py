"""The real machine, as a ``doctor.system.System``."""

from __future__ import annotations

import contextlib
import mmap
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from mlcbuild.doctor.system import Entry, Ran, System
from mlcbuild.doctor.this_python import this_python
from mlcbuild.platforms import WINDOWS_AMD64
from mlcbuild.programs import run

if TYPE_CHECKING:
    from mlcbuild.pe.facts import Image

_Found = TypeVar("_Found")

#: Marks a value that another thread is computing.
_ASKED: Final = object()
#: Bytes to read without asking for the file's size first: Python allocates the whole buffer, and in
#: Wine asking for a size takes as long as reading.
_FIRST: Final = 1 << 18


class RealSystem(System):
    """This machine. Slow answers are cached: create one instance per examination."""

    def __init__(self) -> None:
        self.platform = sys.platform
        self.machine, self.host = _machine_and_host()
        self.python = this_python()
        self.folder = os.getcwd()  # noqa: PTH109 - the door speaks in strings
        self.home = os.path.expanduser("~")  # noqa: PTH111 - never raises
        self.user = _user()
        # One lock for all: creating one takes Wine a millisecond.
        self._changed = threading.Condition()
        self._kept: dict[Hashable, Any] = {}

    def once(self, what: Hashable, find: Callable[[], _Found]) -> _Found:
        """Memoise ``find()``; concurrent callers wait. Exceptions are not cached."""
        with self._changed:
            while self._kept.get(what) is _ASKED:
                self._changed.wait()
            if what in self._kept:
                found: _Found = self._kept[what]
                return found
            self._kept[what] = _ASKED
        try:
            found = find()
        except BaseException:
            with self._changed:
                del self._kept[what]
                self._changed.notify_all()
            raise
        with self._changed:
            self._kept[what] = found
            self._changed.notify_all()
        return found

    def environment(self) -> Mapping[str, str]:
        """Return all environment variables."""
        return os.environ

    def registry(self, key: str) -> Mapping[str, object] | None:
        """Read the values of a key; None where there is none, or no registry."""
        values: dict[str, object] = {}
        with _opened(key) as handle:
            if handle is None:
                return None
            import winreg

            for index in range(winreg.QueryInfoKey(handle)[1]):  # type: ignore[attr-defined,unused-ignore]
                name, value, _ = winreg.EnumValue(handle, index)  # type: ignore[attr-defined,unused-ignore]
                values[name] = value
        return values

    def registry_keys(self, key: str) -> tuple[str, ...]:
        """List the keys below a key."""
        with _opened(key) as handle:
            if handle is None:
                return ()
            import winreg

            count = winreg.QueryInfoKey(handle)[0]  # type: ignore[attr-defined,unused-ignore]
            return tuple(winreg.EnumKey(handle, index) for index in range(count))  # type: ignore[attr-defined,unused-ignore]

    def run(self, *command: str, limit_s: float = 20.0) -> Ran:
        """Run a program; the same command runs once."""
        return self.once(("run", *command), lambda: _run(command, limit_s))

    def callers(self) -> tuple[str, ...]:
        """Return the chain of parent processes, read once."""
        from mlcbuild.doctor.callers import callers

        return self.once("callers", callers)

    def entry(self, path: str) -> Entry | None:
        """Return what exists at a path."""
        try:
            status = _status(path)
        except (OSError, ValueError):
            return None
        kind: Literal["file", "folder"] = "folder" if stat.S_ISDIR(status.st_mode) else "file"
        return Entry(kind=kind, size=status.st_size)

    def names(self, folder: str) -> tuple[str, ...] | None:
        """List a folder; cached."""
        return self.once(("names", folder), lambda: _listed(folder))

    def read(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
        """Read the first bytes of a file."""
        try:
            with open(path, "rb") as file:  # noqa: PTH123 - strings
                data = file.read(min(limit, _FIRST))
                if len(data) == _FIRST < limit:
                    # Files of /proc have size 0 and hold more.
                    size = os.fstat(file.fileno()).st_size or limit
                    data += file.read(min(limit, size) - _FIRST)
                return data
        except (OSError, ValueError):
            return None

    def image(self, path: str) -> Image | None:
        """Read the facts of an image through a mapping."""
        from mlcbuild.pe.fields import NotPeError
        from mlcbuild.pe.reader import read_image

        try:
            with (
                open(path, "rb") as file,  # noqa: PTH123
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
            ):
                return read_image(bytes(data) if len(data) < 1 << 20 else data, path=path)
        except (OSError, ValueError, NotPeError, BufferError):
            return None

    def free_bytes(self, folder: str) -> int | None:
        """Return the free bytes at the nearest existing folder."""
        place = Path(folder)
        while not place.exists() and place != place.parent:
            place = place.parent
        import shutil

        try:
            return shutil.disk_usage(place).free
        except OSError:
            return None

    def writable(self, folder: str) -> bool:
        """Create a temporary file: on Windows permissions are not conclusive."""
        if sys.platform != "win32":
            return os.access(folder, os.W_OK | os.X_OK)
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_TEMPORARY
        try:
            os.close(os.open(Path(folder, f".mlcbuild-{os.getpid()}"), flags))
        except (OSError, ValueError):
            return False
        return True

    def fetch(self, url: str, *, proxy: str = "", limit_s: float = 10.0) -> str:
        """Request a page; any HTTP status counts as an answer."""
        import urllib.error
        import urllib.request

        request = urllib.request.Request(url, method="GET")  # noqa: S310 - from pip's settings
        proxies = {"http": proxy, "https": proxy} if proxy else None
        opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies))
        try:
            with opener.open(request, timeout=limit_s) as answer:
                answer.read(1)
        except urllib.error.HTTPError as error:
            return "" if error.code < 500 and error.code != 407 else f"HTTP {error.code}"  # noqa: PLR2004
        except (OSError, ValueError) as error:
            return str(getattr(error, "reason", "") or error) or type(error).__name__
        return ""

    def rename(self, old: str, new: str) -> str:
        """Rename a file unless the new name is taken."""
        if Path(new).exists():
            return f"{new} already exists"
        try:
            Path(old).rename(new)
        except OSError as error:
            return str(error)
        return ""


def _run(command: tuple[str, ...], limit_s: float) -> Ran:
    try:
        done = run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            env=os.environ | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
        )
    except subprocess.TimeoutExpired:
        return Ran(code=None, problem=f"did not end in {limit_s:.0f} s")
    except (OSError, ValueError) as error:
        return Ran(code=None, problem=str(error))
    return Ran(code=done.returncode, out=_decoded(done.stdout), err=_decoded(done.stderr))


def _listed(folder: str) -> tuple[str, ...] | None:
    try:
        return tuple(sorted(os.listdir(folder)))  # noqa: PTH208 - strings
    except (OSError, ValueError):
        return None


def _status(path: str) -> os.stat_result:
    try:
        return os.stat(path)  # noqa: PTH116 - strings
    except OSError:
        if sys.platform != "win32":
            raise
        return os.lstat(path)  # the Store's aliases cannot be resolved


def _decoded(data: bytes) -> str:
    """Decode what a tool printed: UTF-8, else the console's code page."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        encoding = "oem" if sys.platform == "win32" else "latin-1"
        return data.decode(encoding, errors="replace")


def _machine_and_host() -> tuple[str, str]:
    """Return the machine type and the host name; ``platform`` would start a process."""
    if sys.platform != "win32":
        about = os.uname()
        return about.machine, about.nodename
    # In an emulated process PROCESSOR_ARCHITECTURE is the emulated machine.
    kind = os.environ.get("PROCESSOR_ARCHITEW6432") or os.environ.get("PROCESSOR_ARCHITECTURE")
    return kind or WINDOWS_AMD64.processor, os.environ.get("COMPUTERNAME", "")


def _user() -> str:
    for name in ("LOGNAME", "USER", "USERNAME"):
        if os.environ.get(name):
            return os.environ[name]
    if sys.platform == "win32":
        return ""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""


@contextlib.contextmanager
def _opened(key: str) -> Any:  # noqa: ANN401 - winreg's handle, or None
    if sys.platform != "win32":
        yield None
        return
    import winreg

    root, _, rest = key.partition("\\")
    roots = {"HKLM": winreg.HKEY_LOCAL_MACHINE, "HKCU": winreg.HKEY_CURRENT_USER}
    try:
        handle = winreg.OpenKey(roots[root], rest, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY)
    except OSError:
        yield None
        return
    with handle:
        yield handle
