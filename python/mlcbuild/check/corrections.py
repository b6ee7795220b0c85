"""Predicted loads, corrected by what the package itself does or lacks.

Preloaded copies: a DLL in the process satisfies every later import of its name, whatever is in the
importer's folder. A package that ships one name twice and loads the copy that works (PyTables'
libblosc2.dll) is correct, although the search finds the other copy. Which copy the code loads is
only known if one of them does not load.

Failing initialisers (WinError 1114): the only cause that is visible in the files is a constexpr
``std::mutex`` with an older msvcp140 (the rule ``mutex-abi``). It is part of the verdict: a module
that finds all its DLLs but crashes at the first lock does not load.

Toolkits: packages for CUDA do not include cuBLAS and similar libraries: their code adds the folder
that CUDA_PATH names, or asks NVIDIA's ``cuda.pathfinder``; a bridge to Java adds the folder of
``jvm.dll``. Whether such a DLL is missing depends on the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mlcbuild.check.sources import Means, sources_of
from mlcbuild.loader import predict
from mlcbuild.loader.policy import is_of_cuda
from mlcbuild.rules.cpp_runtime import CONSTEXPR_MUTEX, crashing_neighbours, judge_mutex
from mlcbuild.rules.names import base_name
from mlcbuild.versions import dotted

if TYPE_CHECKING:
    from mlcbuild.loader.images import File
    from mlcbuild.loader.outcome import Load, Problem, Verdict
    from mlcbuild.loader.world import World
    from mlcbuild.package.member import Package
    from mlcbuild.rules.finding import Subject


def with_preloaded(world: World, loads: Mapping[str, Load], package: Package) -> dict[str, Load]:
    """Return the loads; those that fail because of a DLL with a preloaded copy, predicted again."""
    copies = _that_load(world, loads)
    through = {
        name
        for load in loads.values()
        if copies and load.verdict != "loads"
        for link in load.chain[1:-1]
        if (name := base_name(link)) in copies
    }
    if not through:
        return dict(loads)
    _, sources = sources_of(package, ())
    means = Means(sources, set())
    found = {name: copies[name] for name in through if means.names(copies[name].path)}
    if not found:
        return dict(loads)
    world.preload(found)
    return {
        path: load if load.verdict == "loads" else predict(world, path)
        for path, load in loads.items()
    }


def _that_load(world: World, loads: Mapping[str, Load]) -> dict[str, File]:
    """Return, for names that exist twice, the copy that loads and is in an added folder."""
    added = {each.folder.path for each in world.inferred}
    several: dict[str, list[File]] = {}
    for file in world.package.files.values():
        several.setdefault(base_name(file.path), []).append(file)
    return {
        name: file
        for name, files in several.items()
        if len(files) > 1
        for file in files
        if file.folder in added and loads[file.key].verdict == "loads"
    }


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


#: What the sources of such a package have in them.
_CUDA: Final = (b"CUDA_PATH", b"CUDA_HOME", b"cuda.pathfinder", b"load_nvidia_dynamic_lib")
_JAVA: Final = (b"JAVA_HOME",)


def with_toolkits(subject: Subject, package: Package) -> Subject:
    """Return the subject; failing loads of this kind become "may fail"."""
    loads = dict(subject.loads)
    for name, words, belongs in (
        ("the CUDA Toolkit", _CUDA, is_of_cuda),
        ("an installation of Java", _JAVA, _is_of_java),
    ):
        wanted = [path for path, load in loads.items() if _is_lacking(load, belongs)]
        if wanted and sources_of(package, words, loaders=False)[1]:
            loads |= {path: _doubted(loads[path], name, belongs) for path in wanted}
    return replace(subject, loads=loads) if loads != subject.loads else subject


def _is_of_java(dll: str) -> bool:
    return base_name(dll) == "jvm.dll"


def _is_lacking(load: Load, belongs: Callable[[str], bool]) -> bool:
    return any(each.cause == "missing-dll" and belongs(each.chain[-1]) for each in load.problems)


def _doubted(load: Load, toolkit: str, belongs: Callable[[str], bool]) -> Load:
    problems = tuple(_with(toolkit, each, belongs) for each in load.problems)
    at_load = [problem for problem in problems if not problem.delayed]
    worst = next((p for p in at_load if p.certain), None) or next(iter(at_load), None)
    if worst is None:
        return replace(load, problems=problems)
    return replace(
        load,
        verdict="fails" if load.verdict == "fails" and worst.certain else "may-fail",
        winerror=worst.winerror,
        chain=worst.chain,
        reason=worst.reason,
        problems=problems,
        cause=worst.cause,
    )


def _with(toolkit: str, problem: Problem, belongs: Callable[[str], bool]) -> Problem:
    if problem.cause != "missing-dll" or not belongs(problem.chain[-1]):
        return problem
    reason = f"{problem.chain[-1]} is not on every machine: it comes with {toolkit}"
    return replace(problem, certain=False, cause="toolkit", reason=reason)
