"""The purpose of this machine: to build, or only to run what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.doctor.check import Outcome, fail, skip
from mlcbuild.doctor.distributions import editable_source, family, provides

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System


def builds(system: System) -> bool:
    """Return whether a build is the likely purpose.

    It is not where MLC-LLM or TVM is installed as a wheel and the current folder is not a project:
    then a missing compiler does not explain why something does not run.
    """
    if any(
        system.is_file(system.join(system.folder, name))
        for name in ("CMakeLists.txt", "pyproject.toml", "setup.py")
    ):
        return True
    wanted = [d for d in family(system) if provides(d.name) in ("mlc_llm", "tvm")]
    return not wanted or any(editable_source(system, found) for found in wanted)


def absent(system: System, finding: str, *, fix: str, evidence: tuple[str, ...] = ()) -> Outcome:
    """Report a missing build tool: a failure where builds are expected, else a skip."""
    if builds(system):
        return fail(finding, fix=fix, evidence=evidence)
    return skip(f"{finding} (only a build needs it)")
