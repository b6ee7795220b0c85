"""``wine``: Wine, which runs the cross-built wheel."""

from __future__ import annotations

import re
from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.installers import install

__all__ = ["CHECK"]

#: The lab was tested with 8; older ones lack functions that Windows' Python needs.
_FLOOR: Final = 8


def _run(system: System) -> Outcome:
    path = system.find("wine") or system.find("wine64")
    if path is None:
        return skip("not installed: only mlcbuild lab and verify --lab need it")
    fix = install(system, "wine")
    done = system.run(path, "--version")
    match = re.search(r"wine-(\d+)\.(\d+)", done.out)
    if match is None:
        why = (done.err.strip().splitlines() or [done.problem or f"exit code {done.code}"])[-1]
        return warn("Wine does not run", evidence=(f"{path}: {why}",), fix=fix)
    evidence = (f"{path} {match[0]}",)
    if int(match[1]) < _FLOOR:
        return warn(
            f"Wine {match[1]}.{match[2]} is older than {_FLOOR}", evidence=evidence, fix=fix
        )
    return ok(f"Wine {match[1]}.{match[2]}", evidence=evidence)


CHECK = Check(
    title="Wine can run the lab",
    why="mlcbuild lab runs Windows' Python under Wine to test a Windows wheel on Linux.",
    source="docs/verify.md",
    run=_run,
    waits=True,
    platforms=("linux",),
)
