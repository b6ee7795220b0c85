"""``disk-space``: enough free space for the build."""

from __future__ import annotations

from mlcbuild.builder.preflight import ROOM
from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, skip
from mlcbuild.doctor.shell import command

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    free = system.free_bytes(system.folder)
    if free is None:
        return skip("the free space is unknown")
    evidence = (f"{system.folder}: {free / 1e9:.1f} GB free, {ROOM / 1e9:.1f} GB needed",)
    if free < ROOM:
        return fail(
            f"only {free / 1e9:.1f} GB are free: the build needs {ROOM / 1e9:.1f} GB",
            evidence=evidence,
            fix="cleanmgr /d " + system.path.splitdrive(system.folder)[0]
            if system.windows
            else command(system, "du", "-xhd3", system.home) + " | sort -h | tail",
        )
    return ok(f"{free / 1e9:.0f} GB free", evidence=evidence)


CHECK = Check(
    title="There is enough disk space for a build",
    why="On a full disk compilers report all kinds of errors, rarely the full disk.",
    source="docs/superbuild.md, measured",
    run=_run,
)
