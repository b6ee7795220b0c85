"""DLLs of NVIDIA's CUDA Toolkit that the package finds on the user's machine.

Packages for CUDA do not bring cuBLAS and its kin: their code adds the folder that CUDA_PATH names,
or asks NVIDIA's ``cuda.pathfinder``. Such a DLL is not missing for certain: the machine decides.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mlcbuild.check.sources import sources_of
from mlcbuild.loader.policy import is_of_cuda

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Load, Problem
    from mlcbuild.package.member import Package
    from mlcbuild.rules.finding import Subject

__all__ = ["with_toolkits"]

_WORDS: Final = (b"CUDA_PATH", b"CUDA_HOME", b"cuda.pathfinder", b"load_nvidia_dynamic_lib")


def with_toolkits(subject: Subject, package: Package) -> Subject:
    """Return the subject with such loads, that would fail, in doubt."""
    wanted = [path for path, load in subject.loads.items() if any(map(_is_lacking, load.problems))]
    if not wanted or not sources_of(package, _WORDS, loaders=False)[1]:
        return subject
    loads = {
        path: _doubted(load) if path in wanted else load for path, load in subject.loads.items()
    }
    return replace(subject, loads=loads)


def _is_lacking(problem: Problem) -> bool:
    return problem.cause == "missing-dll" and is_of_cuda(problem.chain[-1])


def _doubted(load: Load) -> Load:
    problems = tuple(map(_with_the_toolkit, load.problems))
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


def _with_the_toolkit(problem: Problem) -> Problem:
    if not _is_lacking(problem):
        return problem
    reason = f"{problem.chain[-1]} is not on every machine: it comes with the CUDA Toolkit"
    return replace(problem, certain=False, cause="toolkit", reason=reason)
