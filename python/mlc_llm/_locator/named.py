"""What ``MLC_LIBRARY_PATH`` names: a file, a folder or a build tree; all else is said as such."""

from __future__ import annotations

import os

from mlc_llm._locator.builds import judged, libraries, ranked
from mlc_llm._locator.identity import is_ours
from mlc_llm._locator.judge import Candidate, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlc_llm._locator import Host

__all__ = ["candidates"]

_VARIABLE = "MLC_LIBRARY_PATH"
#: What a value has that no path should, and what it means.
_MISTAKES = (
    ("\"'", "its value has quotation marks, which are taken as part of the path"),
    (os.pathsep, "its value names several places, and it takes one"),
    ("%$", "its value has a variable in it that nothing has expanded"),
)


def candidates(value: str, name: str, host: Host, package: str) -> Iterator[Candidate]:
    """Judge what the variable names: one file, or what lies in a folder or build tree."""
    path = os.path.abspath(os.path.expanduser(value))
    found = [path] if os.path.isfile(path) else libraries(path, name, host)
    if wrong := _misread(value, path, host, found):
        yield Candidate(path, _VARIABLE, Verdict("bad-variable", wrong), explicit=True)
        return
    each = [judged(file, _VARIABLE, host, package, explicit=True) for file in found or [path]]
    for candidate in each:
        if candidate.verdict.good and not is_ours(candidate.path):
            candidate.verdict = Verdict(
                "not-mlc-llm", f"{os.path.basename(candidate.path)} has nothing of mlc_llm in it"
            )
    yield from ranked(each)


def _misread(value: str, path: str, host: Host, found: list[str]) -> str:
    """Say in which way the value names no library at all; "" where it may."""
    if os.path.isfile(path):
        good = path.lower().endswith((".dll", ".so", ".dylib"))
        return "" if good else f"{path} is not a {host.suffix} file"
    if found:
        return ""
    if os.path.isdir(path):
        return f"{path} is a folder, and {host.file_name('mlc_llm')} is not in it"
    for marks, what in _MISTAKES:
        if any(mark in value for mark in marks):
            return f"{what}: {value}"
    return ""
