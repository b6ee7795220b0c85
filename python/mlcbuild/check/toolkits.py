"""DLLs of CUDA and of Java that the package finds on the user's machine.

Packages for CUDA do not include cuBLAS and similar libraries: their code adds the folder that
CUDA_PATH names, or asks NVIDIA's ``cuda.pathfinder``; a bridge to Java adds the folder of
``jvm.dll``. Whether such a DLL is missing depends on the machine.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mlcbuild.check.sources import sources_of
from mlcbuild.loader.policy import is_of_cuda
from mlcbuild.rules.names import base_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlcbuild.loader.outcome import Load, Problem
    from mlcbuild.package.member import Package
    from mlcbuild.rules.finding import Subject

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
