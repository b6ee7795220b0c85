"""Explain a load that found all it needs and failed while an initialiser ran."""

from __future__ import annotations

import os

from mlc_llm._locator.fixes import reinstall
from mlc_llm._locator.image import NotAnImageError, read_image
from mlc_llm._locator.judge import Verdict
from mlc_llm._locator.mutex import judge_mutex
from mlc_llm._locator.process import loaded_module
from mlc_llm._locator.runtimes import runtime_copies
from mlc_llm._locator.search import Search

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlc_llm._locator.search import Needed

__all__ = ["ran", "what_fails"]

_MODULE_NOT_FOUND = 126

#: Windows' numbers (winerror.h) that a load can give.
_WINDOWS = {
    5: "unreadable",
    _MODULE_NOT_FOUND: "missing-dll",
    127: "missing-export",
    182: "missing-export",
    193: "wrong-machine",
    206: "path-too-long",
    1114: "init-failed",
    1455: "out-of-memory",
    1920: "unreadable",
    4551: "blocked-by-policy",
}
#: Characters of a path, where LongPathsEnabled is off.
_LONGEST = 259
_ILLEGAL_INSTRUCTION = 0xC000001D


def ran(
    winerror: int | None, path: str, search: Search, otherwise: Verdict
) -> tuple[Verdict, tuple[str, ...]]:
    """Explain a load that found all it needs and failed while an initialiser ran."""
    if len(path) > _LONGEST and winerror in (3, _MODULE_NOT_FOUND, 206):
        reason = f"its path has {len(path)} characters, Windows' limit is {_LONGEST}"
        return Verdict("path-too-long", reason, culprit=path), ()
    nodes = search.walk(path)
    fresh = Search(search.host, search.added)
    used = next((n.path for n in nodes if n.name.lower() == "msvcp140.dll" and n.path), "")
    details = tuple(runtime_copies(search, path, used))
    if verdict := judge_mutex(nodes, search):
        return verdict, details
    tried = True
    try:
        verdict = _guilty(fresh.walk(path), fresh)
    except OSError:
        tried = False
    if verdict:
        return verdict, details if verdict.cause == "init-failed" else ()
    if verdict := _already_loaded(fresh.walk(path)):
        return verdict, ()
    cause = _WINDOWS.get(winerror or 0, "load-failed")
    reason = otherwise.reason
    if cause == "init-failed" and tried:
        reason += ": it loads in a fresh process, so something imported earlier is in its way"
        fix = "import mlc_llm before the other packages"
    else:
        fix = ""
    return Verdict(cause, reason, fix, path), details


def what_fails(paths: Sequence[str], search: Search) -> Verdict | None:
    """Load ``paths`` and all they need in a child process; judge what fails, None if nothing does.

    Raises ``OSError`` where no child can say.
    """
    nodes = {node.path: node for path in paths for node in search.walk(path)}
    return judge_mutex(list(nodes.values()), search) or _guilty(list(nodes.values()), search)


def _guilty(nodes: Sequence[Needed], search: Search) -> Verdict | None:
    """Load the libraries leaf-first in a child and judge the one that fails, None if none does."""
    from mlc_llm._locator.triage import find_guilty, leaves_first  # noqa: PLC0415

    by_name = {node.name.lower(): node.path for node in nodes if node.path}
    own = [p for p in by_name.values() if not search.is_system(p)]
    needed = {p: [by_name[n] for n in _needs(p) if by_name.get(n) in own] for p in own}
    guilty = find_guilty(leaves_first(own, needed), search.added)
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
