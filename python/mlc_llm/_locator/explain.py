"""Turn what the system's loader said into a cause, the guilty image and one fix.

Only a load that failed comes here. The files are read first: they tell a missing, foreign or
damaged image and a missing symbol for certain. What is left failed while it ran.
"""

from __future__ import annotations

import os
import re

from mlc_llm._locator.errors import LibraryLoadError
from mlc_llm._locator.fixes import bring, reinstall
from mlc_llm._locator.judge import Verdict
from mlc_llm._locator.predict import judge_load
from mlc_llm._locator.ran import ran
from mlc_llm._locator.search import Search
from mlc_llm._locator.steps import added_folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlc_llm._locator import Host

__all__ = ["explain"]

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

_FIXES = {
    "old-glibc": "install on a newer system, or build mlc_llm from source on this one",
    "path-too-long": "install into a folder with a shorter name, or switch LongPathsEnabled on",
    "out-of-memory": "close other programs, or make the page file of this machine larger",
    "blocked-by-policy": "allow the file in the application control policy of this machine",
}
#: What the files can show, by the number that Windows gives for it. Wine says 126 for all.
_SHOWN = {
    _MODULE_NOT_FOUND: ("missing-dll", "debug-crt", "wrong-machine", "not-a-pe"),
    127: ("missing-export",),
    182: ("missing-export",),
    193: ("wrong-machine", "not-a-pe"),
}


def explain(
    error: Exception, path: str, host: Host, *, search: Search | None = None
) -> LibraryLoadError:
    """Say why loading ``path`` failed. ``search``: the process then, where it is not this one."""
    path = os.fspath(path)
    search = search or Search.here(host, added_folders(host))
    winerror = _winerror(error, host)
    verdict = judge_load(path, search)
    if verdict and (not _agrees(verdict.cause, winerror) or verdict.cause == "mutex-abi"):
        verdict = None
    details: tuple[str, ...] = ()
    if verdict is None:
        verdict = _from_words(error, path)
        if host.system == "windows":
            verdict, details = ran(winerror, path, search, verdict)
    return LibraryLoadError(
        verdict.reason,
        path=path,
        cause=verdict.cause,
        culprit=verdict.culprit,
        fix=verdict.fix or _FIXES.get(verdict.cause) or _bring_back(verdict, path),
        winerror=winerror,
        details=details,
    )


def _bring_back(verdict: Verdict, path: str) -> str:
    return bring(verdict.culprit, path) if verdict.cause == "missing-dll" else reinstall(path)


def _winerror(error: Exception, host: Host) -> int | None:
    """Return Windows' number. For 126 ctypes raises a FileNotFoundError that has lost it."""
    number: int | None = getattr(error, "winerror", None)
    if number is None and host.system == "windows" and isinstance(error, FileNotFoundError):
        return _MODULE_NOT_FOUND
    return number


def _agrees(cause: str, winerror: int | None) -> bool:
    """Tell whether what the files show can be what the loader met: its number knows better."""
    return winerror is None or cause in _SHOWN.get(winerror, ())


def _from_words(error: Exception, path: str) -> Verdict:
    """Read the loader's own sentence, where it makes one (Linux, macOS)."""
    words = str(error)
    for pattern, cause in _PATTERNS:
        if match := pattern.search(words):
            return Verdict(cause, words, culprit=match["culprit"])
    return Verdict("load-failed", words, culprit=path)
