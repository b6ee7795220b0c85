"""Turn what the system's loader said into a cause, the guilty image and one fix.

Only a load that failed comes here. The files are read first: they tell a missing, foreign or
damaged image and a missing symbol for certain. What is left failed while it ran.
"""

from __future__ import annotations

import os
import re

from mlc_llm._locator.closure import (
    closure,
    first_fault,
    reinstall,
    search_order,
    system_folder,
)
from mlc_llm._locator.errors import LibraryLoadError
from mlc_llm._locator.image import NotAnImageError, read_image
from mlc_llm._locator.installed import library_folders
from mlc_llm._locator.judge import REINSTALL, Verdict, judge
from mlc_llm._locator.mutex import judge_mutex, runtime_copies
from mlc_llm._locator.process import loaded_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlc_llm._locator.closure import Needed
    from mlc_llm._locator.host import Host

__all__ = ["explain", "what_fails"]

#: glibc's and macOS's words for the failures that have a rule id.
_PATTERNS = (
    (re.compile(r"(?P<culprit>\S+): cannot open shared object file"), "missing-dll"),
    (re.compile(r"Library not loaded: (?P<culprit>\S+)"), "missing-dll"),
    (re.compile(r"(?P<culprit>\S+): undefined symbol"), "missing-export"),
    (re.compile(r"Symbol not found: \S+.*?Referenced from: \S* ?(?P<culprit>/\S+)", re.DOTALL),
     "missing-export"),
    (re.compile(r"version `GLIBC\S+' not found \(required by (?P<culprit>[^)]+)\)"), "old-glibc"),
    (re.compile(r"(?P<culprit>\S+): (?:wrong ELF class|invalid ELF header)"), "wrong-machine"),
)  # fmt: skip

_MODULE_NOT_FOUND = 126
_INIT_FAILED = 1114

#: Windows' numbers (winerror.h) that a load can give.
_WINDOWS = {
    5: "unreadable",
    _MODULE_NOT_FOUND: "missing-dll",
    127: "missing-export",
    182: "missing-export",
    193: "wrong-machine",
    206: "path-too-long",
    _INIT_FAILED: "init-failed",
    1455: "out-of-memory",
    1920: "unreadable",
    4551: "blocked-by-policy",
}

_FIXES = {
    "missing-dll": "pip install --force-reinstall mlc_llm (brings apache-tvm and apache-tvm-ffi)",
    "missing-export": "pip install --force-reinstall mlc_llm (brings the TVM it was built for)",
    "old-glibc": "install on a newer system, or build mlc_llm from source on this one",
    "wrong-machine": "install the wheel for this machine",
    "path-too-long": "install into a folder with a shorter name, or switch LongPathsEnabled on",
    "out-of-memory": "close other programs, or make the page file of this machine larger",
    "blocked-by-policy": "allow the file in the application control policy of this machine",
    "load-failed": "pip install --force-reinstall mlc_llm",
}
#: Characters of a path, where LongPathsEnabled is off.
_LONGEST = 259
_ILLEGAL_INSTRUCTION = 0xC000001D

#: What the files can show, by the number that Windows gives for it. Wine says 126 for all.
_SHOWN = {
    _MODULE_NOT_FOUND: ("missing-dll", "debug-crt", "wrong-machine", "not-a-pe"),
    127: ("missing-export",),
    182: ("missing-export",),
    193: ("wrong-machine", "not-a-pe"),
}


def explain(
    error: OSError, path: str, host: Host, *, folders: Sequence[str] | None = None
) -> LibraryLoadError:
    """Say why loading ``path`` failed. ``folders``: where TVM's libraries lie, if not installed."""
    path = os.fspath(path)
    places = library_folders() if folders is None else [os.fspath(folder) for folder in folders]
    winerror = _winerror(error, host)
    verdict = judge(path, host)
    if verdict.fix == REINSTALL:
        verdict.fix = reinstall(path)  # it can be TVM's
    if verdict.good or verdict.cause == "debug-crt":
        found = first_fault(path, host, places)
        verdict = found if found and _agrees(found.cause, winerror) else Verdict()
    details: tuple[str, ...] = ()
    if verdict.good:
        verdict = _from_words(error, path)
        if host.system == "windows":
            verdict, details = _ran(winerror, path, host, places, verdict)
    return LibraryLoadError(
        verdict.reason,
        path=path,
        cause=verdict.cause,
        culprit=verdict.culprit,
        fix=verdict.fix or _FIXES.get(verdict.cause, _FIXES["load-failed"]),
        winerror=winerror,
        details=details,
    )


def _winerror(error: OSError, host: Host) -> int | None:
    """Return Windows' number. For 126 ctypes raises a FileNotFoundError that has lost it."""
    number: int | None = getattr(error, "winerror", None)
    if number is None and host.system == "windows" and isinstance(error, FileNotFoundError):
        return _MODULE_NOT_FOUND
    return number


def _agrees(cause: str, winerror: int | None) -> bool:
    """Tell whether what the files show can be what the loader met: its number knows better."""
    return winerror is None or cause in _SHOWN.get(winerror, ())


def _from_words(error: OSError, path: str) -> Verdict:
    """Read the loader's own sentence, where it makes one (Linux, macOS)."""
    words = str(error)
    for pattern, cause in _PATTERNS:
        if match := pattern.search(words):
            return Verdict(cause, words, culprit=match["culprit"])
    return Verdict("load-failed", words, culprit=path)


def _ran(
    winerror: int | None, path: str, host: Host, folders: Sequence[str], otherwise: Verdict
) -> tuple[Verdict, tuple[str, ...]]:
    """Explain a load that found all it needs and failed while an initialiser ran."""
    if len(path) > _LONGEST and winerror in (3, _MODULE_NOT_FOUND, 206):
        reason = f"its path has {len(path)} characters, Windows' limit is {_LONGEST}"
        return Verdict("path-too-long", reason, culprit=path), ()
    nodes = closure(path, host, folders)
    loaded = [
        found for name in ("msvcp140.dll", "vcruntime140.dll") if (found := loaded_module(name))
    ]
    details = tuple(runtime_copies(search_order(path, folders, host), loaded))
    if verdict := judge_mutex(nodes, loaded_module("msvcp140.dll")):
        return verdict, details
    tried = True
    try:
        verdict = _guilty(nodes, folders)
    except OSError:
        tried = False
    if verdict:
        return verdict, details if verdict.cause == "init-failed" else ()
    if verdict := _already_loaded(nodes):
        return verdict, ()
    cause = _WINDOWS.get(winerror or 0, "load-failed")
    reason = otherwise.reason
    if cause == "init-failed" and tried:
        reason += ": it loads in a fresh process, so something imported earlier is in its way"
        fix = "import mlc_llm before the other packages"
    else:
        fix = ""
    return Verdict(cause, reason, fix, path), details


def what_fails(path: str, host: Host, folders: Sequence[str]) -> Verdict | None:
    """Load ``path`` and all it needs in a child process; judge what fails, None if nothing does.

    Raises ``OSError`` where no child can say.
    """
    nodes = closure(path, host, folders)
    return judge_mutex(nodes, None) or _guilty(nodes, folders)


def _guilty(nodes: Sequence[Needed], folders: Sequence[str]) -> Verdict | None:
    """Load the libraries leaf-first in a child and judge the one that fails, None if none does."""
    from mlc_llm._locator.triage import find_guilty, leaves_first  # noqa: PLC0415

    by_name = {node.name.lower(): node.path for node in nodes if node.path}
    own = [p for p in by_name.values() if os.path.dirname(p) != system_folder()]
    needed = {p: [by_name[n] for n in _needs(p) if by_name.get(n) in own] for p in own}
    guilty = find_guilty(leaves_first(own, needed), folders)
    if guilty is None:
        return None
    name = os.path.basename(guilty.path)
    cause = _WINDOWS.get(guilty.winerror or 0, "init-failed")
    if cause != "init-failed":
        reason = f"{name} fails with WinError {guilty.winerror}"
        return Verdict(cause, reason, "", guilty.path)
    return Verdict(
        cause,
        f"the initialiser of {name} {guilty.did()}",
        _mend(guilty.path, guilty.code),
        guilty.path,
    )


def _needs(path: str) -> list[str]:
    try:
        return [name.lower() for name in read_image(path).needed]
    except (NotAnImageError, OSError):
        return []


def _mend(path: str, code: int | None) -> str:
    if code == _ILLEGAL_INSTRUCTION:
        return "build mlc_llm on this machine (pip wheel .), or install a build for its processor"
    return reinstall(path)


def _already_loaded(nodes: Sequence[Needed]) -> Verdict | None:
    """Find a library that the process has loaded from elsewhere: the loader takes that one."""
    for node in nodes:
        loaded = loaded_module(node.name) if node.path else None
        if loaded and node.path and os.path.normcase(loaded) != os.path.normcase(node.path):
            reason = f"{node.name} was loaded before, from another folder, and is used instead"
            return Verdict("ambiguous-dll", reason, "import mlc_llm before the others", loaded)
    return None
