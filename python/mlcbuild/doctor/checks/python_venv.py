"""``python-venv``: the environment that is active is the one whose Python runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.doctor.model import Check, Outcome, fail, ok, skip, warn
from mlcbuild.doctor.shell import command, unset

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    python = system.python
    active = system.variable("VIRTUAL_ENV")
    if python.prefix != python.base_prefix and not system.is_folder(python.base_prefix):
        return fail(
            "the Python that this environment was made from is gone",
            evidence=(f"{python.prefix}: made from {python.base_prefix}",),
            fix=command(system, "python", "-m", "venv", "--upgrade", python.prefix),
        )
    if not active:
        return skip("no environment is activated")
    evidence = (f"VIRTUAL_ENV={active}", f"this Python is {python.executable}")
    if not system.is_folder(active):
        return warn(
            "an environment is activated that is gone",
            evidence=evidence,
            fix=unset(system, "VIRTUAL_ENV"),
        )
    if _same(system, active, python.prefix):
        return ok("virtual environment", evidence=evidence[:1])
    program = r"Scripts\python.exe" if system.windows else "bin/python"
    return warn(
        "another environment is activated than the one whose Python runs this: python and pip "
        "in this terminal are not what is examined",
        evidence=evidence,
        fix=command(system, system.join(active, program), "-m", "mlcbuild", "doctor"),
    )


def _same(system: System, one: str, other: str) -> bool:
    normal = system.path.normcase
    return bool(normal(system.path.normpath(one)) == normal(system.path.normpath(other)))


CHECK = Check(
    id="python-venv",
    title="The active environment is the one that runs",
    category="python",
    why="mlcbuild examines the Python that runs it. Installed elsewhere (for the user, by pipx), "
    "it would judge packages that the terminal's python does not see.",
    source="PyPA, virtual environments",
    run=_run,
)
