"""``git``: brings the pinned sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.build.preflight import GIT
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.model import Check, Outcome, fail, ok
from mlcbuild.doctor.purpose import absent
from mlcbuild.doctor.shell import prepend_path
from mlcbuild.doctor.versions import dotted, find_version

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    fix = install(system, "git")
    path = system.find("git")
    if path is None:
        known = r"C:\Program Files\Git\cmd\git.exe"
        if system.windows and system.is_file(known):
            return fail(
                "Git is installed but not on PATH",
                evidence=(known,),
                fix=prepend_path(system, system.path.dirname(known)),
            )
        return absent(system, "Git is not installed: the pinned sources cannot be fetched", fix=fix)
    done = system.run(path, "--version")
    version = find_version(done.out) if done.good else None
    if version is None:
        return fail(
            "the Git that is first on PATH does not run",
            evidence=(f"{path}: {done.problem or f'ends with exit code {done.code}'}",),
            fix=fix,
        )
    if version < GIT:
        return fail(
            f"Git {dotted(version)} is older than {dotted(GIT)}: fetches of single commits fail",
            evidence=(f"{path} {dotted(version)}",),
            fix=fix,
        )
    return ok(f"Git {dotted(version)}", evidence=(f"{path} {dotted(version)}",))


CHECK = Check(
    id="git",
    title="Git is new enough",
    category="toolchain",
    why="Sources are fetched as single commits without history (--depth 1 with --filter), which is "
    "dependable from Git 2.25 on.",
    source="docs/sources.md",
    run=_run,
    waits=True,
)
