"""The steps of a verification that any wheel goes through: environment, install, import, tensor.

Each step runs children in the clean place and returns one line of detail, or raises: a
``FailedError`` where the wheel is bad, an ``InputError`` where it cannot be judged.
"""

from __future__ import annotations

import filecmp
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.errors import FailedError, InputError
from mlcbuild.package.names import installed_path
from mlcbuild.verify.place import HostPlace, Place, has_pip

if TYPE_CHECKING:
    from mlcbuild.supervised import Finished
    from mlcbuild.verify.subject import Subject

_PROBES: Final = Path(__file__).parent / "probes"

#: What pip prints where it cannot reach the index (its own words and urllib3's).
_UNREACHABLE: Final = re.compile(
    r"Failed to establish a new connection|Name or service not known|getaddrinfo failed"
    r"|Temporary failure in name resolution|ConnectTimeout|ReadTimeout|Read timed out"
    r"|Connection refused|Could not fetch URL|ProxyError|Tunnel connection failed"
    r"|CERTIFICATE_VERIFY_FAILED|\b50[234] Server Error"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Time limits of children in seconds; ``quick`` without compiler or download."""

    install_s: float = 1800.0
    quick_s: float = 180.0
    compile_s: float = 600.0


class NotFinishedError(FailedError):
    """A child reached its time limit."""


class DiedError(FailedError):
    """A child exited without a message. ``code`` is its exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class OtherCopyError(FailedError):
    """A library of the wheel was loaded from elsewhere: ``image``."""

    def __init__(self, image: Path, native: str) -> None:
        super().__init__(f"{image.name} was loaded from {image}, not the wheel's {native}")
        self.image = image


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A probe's JSON, and how its process ended."""

    table: dict[str, Any]
    finished: Finished


def child(place: Place, arguments: Sequence[str], limit_s: float) -> Finished:
    """Run one child in the place."""
    return place.run(arguments, limit_s)


def last_line(finished: Finished) -> str:
    """Return the last non-empty line."""
    lines = [line.strip() for line in finished.output.splitlines() if line.strip()]
    return lines[-1] if lines else "no output"


def ask(place: Place, script: str | Path, arguments: Sequence[str], limit_s: float) -> Answer:
    """Run one of our scripts inside the environment and read its JSON.

    Raises ``FailedError`` without an answer: it crashed, hung or was ended.
    """
    finished = child(place, [place.python, str(_PROBES / script), *arguments], limit_s)
    try:
        table = json.loads(last_line(finished))
    except ValueError:
        table = None
    if finished.timed_out:
        raise NotFinishedError(f"the process {finished.outcome}: {last_line(finished)}")
    if not isinstance(table, dict):
        said = f"the process {finished.outcome}: {last_line(finished)}"
        raise DiedError(said, finished.code)
    return Answer(table=table, finished=finished)


def probe(place: Place, what: str, *arguments: str, limit_s: float) -> dict[str, Any]:
    """Ask ``probes/probe.py``; raises ``FailedError`` for an exception or a death at exit."""
    answer = ask(place, "probe.py", [what, *arguments], limit_s)
    if error := answer.table.get("error"):
        raise FailedError(f"{error}: {_first_line(answer.table['message'])}")
    if answer.finished.code != 0:
        said = f"it answered, then the process {answer.finished.outcome}"
        raise DiedError(said, answer.finished.code)
    return answer.table


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "no message"


def step_environment(place: HostPlace, python: str | None, limits: Limits) -> str:
    """Make the virtual environment. Raises ``InputError`` where Python cannot."""
    without = ["--without-pip"] if has_pip() else []
    base = python or getattr(sys, "_base_executable", None) or sys.executable
    try:
        done = child(
            place, [base, "-m", "venv", *without, str(place.folder / "venv")], limits.quick_s
        )
    except OSError as error:
        raise InputError(
            f"{base} cannot be started ({error.strerror})", remedy="--interpreter EXE"
        ) from error
    if done.code != 0 or done.timed_out:
        raise InputError(
            f"{base} -m venv {done.outcome}: {last_line(done)}",
            remedy="install Python's venv module, or name another Python with --interpreter EXE",
        )
    version = child(place, [place.python, "--version"], limits.quick_s)
    return last_line(version)


def step_install(
    place: Place,
    subject: Subject,
    find_links: Sequence[Path],
    limits: Limits,
    *,
    no_index: bool = False,
    also: Sequence[str] = (),
) -> str:
    """Install the wheel with its declared dependencies, and check that they fit together.

    ``also`` are requirements, or paths of wheels, to install with it.
    """
    links = [word for folder in find_links for word in ("--find-links", str(folder.resolve()))]
    links += ["--no-index"] if no_index else []
    wheels = [str(subject.path.resolve()), *(_requirement(text) for text in also)]
    done = child(
        place,
        [*place.pip, "install", "--prefer-binary", "--no-compile", *links, *wheels],
        limits.install_s,
    )
    if done.code != 0 or done.timed_out:
        _refuse_install(done)
    checked = child(place, [*place.pip, "check"], limits.quick_s)
    if checked.code != 0:
        raise FailedError(f"the dependencies conflict: {last_line(checked)}")
    installed = next(
        (line for line in done.output.splitlines() if line.startswith("Successfully installed")), ""
    )
    return f"{max(len(installed.split()) - 2, 0)} packages"


def _requirement(text: str) -> str:
    """Make a wheel's path absolute: pip runs in another folder."""
    return str(Path(text).resolve()) if text.endswith(".whl") else text


def _refuse_install(done: Finished) -> None:
    errors = [line[7:] for line in done.output.splitlines() if line.startswith("ERROR: ")]
    said = errors[0] if errors else last_line(done)
    if "is not a supported wheel on this platform" in said:
        raise InputError(said.rstrip("."), remedy="verify it on the platform it is for")
    if _UNREACHABLE.search(done.output):
        raise InputError(
            f"the package index cannot be reached: {errors[-1] if errors else said}",
            remedy="check the network, PIP_INDEX_URL and the proxy, or give --find-links DIR",
        )
    raise FailedError(f"pip {done.outcome}: {said}")


def step_import(place: Place, subject: Subject, names: Sequence[str], limits: Limits) -> str:
    """Import, and check that the loaded libraries are the wheel's.

    A library loaded from elsewhere (another copy won) is a failure.
    """
    answer = ask(place, "probe.py", ["import", *names], limits.quick_s)
    if error := answer.table.get("error"):
        missing = answer.table.get("missing")
        hint = f" (the wheel does not declare the dependency with {missing!r})" if missing else ""
        raise FailedError(f"{error}: {_first_line(answer.table['message'])}{hint}")
    if answer.finished.code != 0:
        said = f"imported, then the process {answer.finished.outcome}"
        raise DiedError(said, answer.finished.code)
    own: dict[str, list[str]] = {}
    for native in subject.natives:
        there = installed_path(native)[0]
        own.setdefault(PurePosixPath(there).name.lower(), []).append(there)
    venv = (place.folder / "venv").resolve()
    ours = 0
    for image in map(place.local, answer.table["images"]):
        natives = own.get(image.name.lower(), [])
        if not natives:
            continue
        # Windows' loader gives a DLL the case in which it was asked for.
        path = image.as_posix().lower()
        own_copy = venv in image.resolve().parents and (
            any(path.endswith(f"/{native.lower()}") for native in natives)
            or any(_same(image, venv, native) for native in natives)
        )
        if not own_copy and _is_windows(image.name):
            continue  # the machine's C++ runtime goes before a wheel's copy of it, by design
        if not own_copy:
            raise OtherCopyError(image, natives[0])
        ours += 1
    took = ", ".join(f"{name} {spent:.2f} s" for name, spent in answer.table["seconds"].items())
    if not own:
        return f"{took}; no native libraries"
    of = f"of {len(subject.natives)} native libraries"
    if not ours:
        return f"{took}; none {of} was loaded: name its module, --import"
    return f"{took}; {ours} {of} loaded, all from the wheel"


def _is_windows(name: str) -> bool:
    """Tell whether Windows, or a Visual C++ redistributable, installs a DLL of this name."""
    if not name.lower().endswith(".dll"):
        return False
    from mlcbuild.loader.systemdata import builtin_system  # noqa: PLC0415 - data, rarely asked for

    return builtin_system().dll(name, "x86_64") is not None


def _same(image: Path, venv: Path, native: str) -> bool:
    """Tell whether another wheel's copy has the bytes of ours: repaired wheels share DLLs so."""
    copies = venv.glob(f"**/{native}") if image.is_file() else ()
    return any(filecmp.cmp(image, ours, shallow=False) for ours in copies)


def step_tensor(place: Place, limits: Limits) -> str:
    """Pass a tensor, or a call, through TVM or tvm_ffi where one of them is installed."""
    through = probe(place, "tensor", limit_s=limits.quick_s)["through"]
    return (
        f"through {through}" if through else "neither tvm nor tvm_ffi is installed: nothing to do"
    )


def step_run(place: Place, code: str, limits: Limits) -> str:
    """Run the caller's own Python code in the environment; a non-zero exit is a failure."""
    done = child(place, [place.python, "-c", code], limits.quick_s)
    if done.timed_out:
        raise NotFinishedError(f"the code {done.outcome}: {last_line(done)}")
    if done.code != 0:
        raise DiedError(f"the code {done.outcome}: {last_line(done)}", done.code)
    return last_line(done)
