"""WinError 1114: all DLLs are found, but an initialiser fails.

The only cause that is visible in the files is a constexpr ``std::mutex`` with an older msvcp140
(the rule ``mutex-abi``). It is part of the verdict: a module that finds all its DLLs but
crashes at the first lock does not load.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mlcbuild.rules.cpp_runtime import crashing_neighbours, judge_mutex
from mlcbuild.rules.names import base_name
from mlcbuild.rules.toolsets import CONSTEXPR_MUTEX, dotted

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Load, Verdict
    from mlcbuild.rules.finding import Subject

INITIALISER_FAILED: Final = 1114


def with_initialiser_failures(subject: Subject) -> Subject:
    """Return the subject; loads that an old C++ runtime breaks fail, and their importers'."""
    crashing = dict(crashing_neighbours(subject))
    for path in subject.images:
        use, copies, fatal = judge_mutex(subject, path)
        if use == "certain" and fatal:
            crashing[path] = (copies, fatal)
    guilty: dict[str, tuple[Verdict, str]] = {}
    for path, (copies, fatal) in crashing.items():
        verdict: Verdict = "fails" if len(fatal) == len(copies) else "may-fail"
        guilty[path] = (
            verdict,
            f"std::mutex needs msvcp140.dll {dotted(CONSTEXPR_MUTEX)} or newer and gets {fatal[0]}",
        )
    if not guilty:
        return subject
    loads = {path: _load(path, load, guilty) for path, load in subject.loads.items()}
    return replace(subject, loads=loads)


def _load(path: str, load: Load, guilty: dict[str, tuple[Verdict, str]]) -> Load:
    """Return the final load: missing DLLs come first, then its own or a dependency's crash."""
    if load.verdict == "fails":
        return load
    chain = _chain(path, load, guilty)
    if chain is None:
        return load
    verdict, reason = guilty[chain[-1]]
    if verdict == "may-fail" and load.verdict == "may-fail":
        return load
    names = (chain[0], *(base_name(link.rpartition("!")[2]) for link in chain[1:]))
    return replace(load, verdict=verdict, winerror=INITIALISER_FAILED, chain=names, reason=reason)


def _chain(path: str, load: Load, guilty: dict[str, tuple[Verdict, str]]) -> tuple[str, ...] | None:
    """Return the dependency chain from a module to the nearest one that crashes."""
    if path in guilty:
        return (path,)
    importer_of: dict[str, str] = {}
    for need in load.needs:
        target = need.key or need.path
        if need.delayed or target is None:
            continue
        importer_of.setdefault(target, need.importer)
        if target in guilty:
            way = [target]
            while way[-1] != path and len(way) <= len(load.needs):
                importer = importer_of.get(way[-1], path)
                way.append(path if importer in {path, ""} else importer)
            return tuple(reversed(way))
    return None
