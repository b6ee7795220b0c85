"""``python-venv``: the active environment is the one whose Python runs."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, skip, warn
from mlcbuild.doctor.packages import find_uv
from mlcbuild.doctor.shell import command, same_path, unset
from mlcbuild.doctor.tools import tool_environment

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    python = system.python
    active = system.variable("VIRTUAL_ENV")
    if python.prefix != python.base_prefix and not system.is_folder(python.base_prefix):
        return fail(
            "the Python this environment was created from no longer exists",
            evidence=(f"{python.prefix}: created from {python.base_prefix}",),
            fix=_renew(system),
        )
    if not active:
        return skip("no environment is active")
    evidence = (f"VIRTUAL_ENV={active}", f"this Python is {python.executable}")
    if not system.is_folder(active):
        return warn(
            "the active environment no longer exists",
            evidence=evidence,
            fix=unset(system, "VIRTUAL_ENV"),
        )
    if same_path(system, active, python.prefix):
        return ok("virtual environment", evidence=evidence[:1])
    if tool := tool_environment(system):
        return ok(f"mlcbuild was installed separately by {tool}", evidence=evidence)
    program = r"Scripts\python.exe" if system.windows else "bin/python"
    return warn(
        "the active environment is not the one whose Python runs mlcbuild: python and pip "
        "in this terminal are not the ones examined",
        evidence=evidence,
        fix=command(system, system.join(active, program), "-m", "mlcbuild", "doctor"),
    )


def _renew(system: System) -> str:
    """Return the command that recreates the environment; its Python version may be gone."""
    prefix = system.python.prefix
    version = "{}.{}".format(*system.python.version)
    if find_uv(system):
        return command(system, "uv", "venv", "--allow-existing", "--python", version, prefix)
    if system.windows and system.find("py"):
        return command(system, "py", f"-{version}", "-m", "venv", "--upgrade", prefix)
    return command(system, "python", "-m", "venv", "--upgrade", prefix)


CHECK = Check(
    title="The active environment is the one that runs",
    why="mlcbuild examines the Python that runs it. Installed elsewhere (for the user, by pipx), "
    "it would examine packages that the terminal's python does not use.",
    source="PyPA, virtual environments",
    run=_run,
)
