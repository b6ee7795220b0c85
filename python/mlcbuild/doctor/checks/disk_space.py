"""``disk-space``: room for the build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.builder.preflight import ROOM
from mlcbuild.doctor.check import Check, Outcome, fail, ok, skip
from mlcbuild.doctor.shell import command

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    free = system.free_bytes(system.folder)
    if free is None:
        return skip("the system does not tell the room left")
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
    id="disk-space",
    title="There is room for the build",
    category="paths",
    why="A compiler on a full disk reports whatever it likes, seldom the disk.",
    source="docs/superbuild.md, measured",
    run=_run,
)
