"""What somebody wants of this machine: to build, or only to run what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.doctor.check import Outcome, fail, skip
from mlcbuild.doctor.distributions import editable_source, family, provides

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["absent", "builds"]


def builds(system: System) -> bool:
    """Say whether a build is the likely purpose.

    It is not where MLC-LLM or TVM is installed as a wheel and the current folder is no project:
    a missing compiler is then no answer to "why does it not run?".
    """
    if any(
        system.is_file(system.join(system.folder, name))
        for name in ("CMakeLists.txt", "pyproject.toml", "setup.py")
    ):
        return True
    wanted = [d for d in family(system) if provides(d.name) in ("mlc_llm", "tvm")]
    return not wanted or any(editable_source(system, found) for found in wanted)


def absent(system: System, finding: str, *, fix: str, evidence: tuple[str, ...] = ()) -> Outcome:
    """Judge a missing tool of the build: a failure where somebody builds, else nothing."""
    if builds(system):
        return fail(finding, fix=fix, evidence=evidence)
    return skip(f"{finding} (only a build needs it)")
