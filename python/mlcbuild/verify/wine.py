"""Verify a Windows wheel in the lab: the steps of any wheel, evaluated for Windows.

A failure counts against the wheel only where Windows would fail too; what only Wine lacks is
"cannot tell here". winefacts distinguishes the two.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError, InputError, MlcbuildError
from mlcbuild.lab import Lab, up
from mlcbuild.lab.downloads import DEFAULT_VERSION, PYTHONS
from mlcbuild.loader.systemdata import builtin_system
from mlcbuild.platforms import AMD64
from mlcbuild.verify import steps
from mlcbuild.verify.place import HostPlace, Server, clean_environment
from mlcbuild.verify.winefacts import (
    CHANNELS,
    NOT_STARTED,
    Judgement,
    judge,
    read_log,
    refused,
    without_log,
)

if TYPE_CHECKING:
    from mlcbuild.supervised import Finished
    from mlcbuild.verify.subject import Subject

_CPYTHON: Final = re.compile(r"cp3(\d+)")
_FREE_THREADED: Final = re.compile(r"^cp3\d+t$")


class CannotTellError(InputError):
    """The wheel cannot be judged here. ``judgement`` says what Wine lacks."""

    def __init__(self, judgement: Judgement) -> None:
        super().__init__(f"cannot tell here: {judgement.reason}", remedy="verify it on Windows")
        self.judgement = judgement


@dataclass(frozen=True, kw_only=True, slots=True)
class WinePlace:
    """A clean environment in the lab. See ``verify.place.Place``."""

    folder: Path
    log: Path
    lab: Lab
    #: For programs that need one: the X11 display, as DISPLAY names it.
    display: str = ""

    @property
    def python(self) -> str:
        """The lab's name for the environment's interpreter."""
        return "python"

    @property
    def pip(self) -> tuple[str, ...]:
        """Windows' own pip: it judges markers and tags as a user's does."""
        return ("python", "-m", "pip")

    @property
    def suffix(self) -> str:
        """The ending of a library of Windows."""
        return ".dll"

    def remote(self, path: Path) -> str:
        """Return a path of this machine on drive Z."""
        return self.lab.path(path)

    def local(self, image: str) -> Path:
        """Return the path on this machine of a loaded image; drive Z is /."""
        drive, _, rest = image.replace("\\", "/").partition(":")
        return Path(rest) if drive.upper() == "Z" else Path(f"/{drive}:{rest}")

    def run(
        self,
        arguments: Sequence[str],
        limit_s: float,
        stop: Callable[[], bool] = lambda: False,
    ) -> Finished:
        """Run a Windows program; its stderr comes first in the output, then its stdout.

        Wine's log goes to ours alone.
        """
        env = {k: v for k, v in clean_environment({}).items() if k != "PYTHONIOENCODING"}
        if self.display:
            env["DISPLAY"] = self.display
        done = self.lab.run(
            arguments,
            env={**env, "PYTHONUTF8": "1", "WINEDEBUG": CHANNELS},
            cwd=self.folder,
            timeout=limit_s,
            stop=stop,
        )
        text = f"{done.errors}\n{done.text}"
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"\n== {' '.join(arguments)}\n{text}")
        return done.finished(without_log(text))

    @contextmanager
    def serve(self, arguments: Sequence[str], limit_s: float) -> Iterator[Server]:
        """Start a Windows program and end it, with all that it started, on leaving."""
        server, stop = _Running(), threading.Event()

        def run() -> None:
            server.code = self.run(arguments, limit_s, stop.is_set).code

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield server
        finally:
            stop.set()
            thread.join()


@dataclass(slots=True)
class _Running:
    """A Windows program; ``code`` is set when it has ended."""

    code: int | None = None

    def poll(self) -> int | None:
        """Return its exit code once it has ended."""
        return self.code


def python_of(subject: Subject, wanted: str | None) -> str:
    """Return the version of Windows Python for a wheel: the one wanted, else what its tags allow.

    Raises ``InputError`` for a wheel of another system or of a Python the lab does not have.
    """
    python, abi, platform = subject.path.stem.split("-")[-3:]
    if platform not in {"any", AMD64} and AMD64 not in platform.split("."):
        raise InputError(
            f"{subject.path.name} is for {platform}", remedy=f"--lab verifies {AMD64} wheels"
        )
    if _FREE_THREADED.search(abi):
        raise InputError(
            f"{subject.path.name} is for a free-threaded CPython, which the lab does not have",
            remedy=f"the lab has {', '.join(PYTHONS)}",
        )
    if wanted is not None:
        return wanted
    tagged = [f"3.{minor}" for minor in _CPYTHON.findall(python)]
    if not tagged or "none" in abi or (abi == "abi3" and tagged[0] in _up_to_default()):
        return DEFAULT_VERSION
    version = next((version for version in tagged if version in PYTHONS), None)
    if version is None:
        raise InputError(
            f"{subject.path.name} is for CPython {tagged[0]}, which the lab does not have",
            remedy=f"the lab has {', '.join(PYTHONS)}",
        )
    return version


def _up_to_default() -> tuple[str, ...]:
    minors = range(2, int(DEFAULT_VERSION.partition(".")[2]) + 1)
    return tuple(f"3.{minor}" for minor in minors)


def place_in_lab(place: HostPlace, version: str) -> WinePlace:
    """Return a place in the lab whose folder and log are those of ``place``. Raises as ``up``."""
    lab = up(version, environment=place.folder / "venv")
    return WinePlace(folder=place.folder, log=place.log, lab=lab)


def judged(place: WinePlace, action: Callable[[], str], *, again: bool = True) -> str:
    """Run a step and evaluate it for Windows; return its detail if Windows would agree.

    If Wine could not start one of its processes, it is repeated once (``again``). Raises
    ``FailedError`` if Windows would fail as well, ``CannotTellError`` if that is not known.
    """
    before = place.log.stat().st_size
    wine = place.lab.prefix.programs.version.replace("wine-", "Wine ")
    system = builtin_system()
    try:
        detail = action()
    except steps.NotFinishedError as error:
        reason = f"under {wine} {error}"
        raise CannotTellError(Judgement(verdict="cannot-tell", reason=reason)) from error
    except steps.OtherCopyError as error:
        if place.lab.prefix.system32.joinpath(error.image.name.lower()).exists():
            raise CannotTellError(
                Judgement(
                    verdict="cannot-tell",
                    reason=f"{wine} has its own {error.image.name}, unlike Windows, "
                    "and loaded it instead of the wheel's",
                )
            ) from error
        raise
    except FailedError as error:
        if again and NOT_STARTED.search(error.message):
            return judged(place, action, again=False)
        said = read_log(_since(place.log, before))
        code = error.code if isinstance(error, steps.DiedError) else 0
        judgement = judge(said, error=error.message, code=code, system=system, wine=wine)
        if judgement.verdict == "broken":
            raise FailedError(judgement.reason) from error
        raise CannotTellError(judgement) from error
    for reason in refused(read_log(_since(place.log, before)), system):
        raise FailedError(f"{wine} loads it, Windows would not: {reason}")
    return detail


def _since(log: Path, before: int) -> str:
    with log.open("rb") as file:
        file.seek(before)
        return file.read().decode(errors="replace")


def lacking(error: MlcbuildError | None) -> tuple[str, ...]:
    """Return what Wine lacks, where the result is unknown because of it."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, CannotTellError):
            return seen.judgement.lacks
        seen = seen.__cause__
    return ()
