"""``git``: Git, which fetches the pinned sources."""

from __future__ import annotations

from functools import partial

from mlcbuild.builder.preflight import GIT
from mlcbuild.doctor.check import Check, Outcome, System, fail, ok
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.purpose import absent
from mlcbuild.doctor.shell import prepend_path
from mlcbuild.doctor.versions import dotted, find_version

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    fix = partial(install, system, "git")
    path = system.find("git")
    if path is None:
        known = next(filter(system.is_file, _places(system)), "")
        if known:
            return fail(
                "Git is installed but not on PATH",
                evidence=(known,),
                fix=prepend_path(system, system.path.dirname(known)),
            )
        return absent(
            system, "Git is not installed: the pinned sources cannot be fetched", fix=fix()
        )
    done = system.run(path, "--version")
    version = find_version(done.out) if done.good else None
    if version is None:
        return fail(
            "the Git that is first on PATH does not run",
            evidence=(f"{path}: {done.problem or f'exits with code {done.code}'}",),
            fix=fix(),
        )
    if version < GIT:
        return fail(
            f"Git {dotted(version)} is older than {dotted(GIT)}: fetches of single commits fail",
            evidence=(f"{path} {dotted(version)}",),
            fix=fix(),
        )
    return ok(f"Git {dotted(version)}", evidence=(f"{path} {dotted(version)}",))


def _places(system: System) -> list[str]:
    """Return the default folders of Git for Windows: for all users, and for one."""
    if not system.windows:
        return []
    local = system.variable("LOCALAPPDATA") or system.join(system.home, "AppData", "Local")
    roots = (system.variable("ProgramFiles") or r"C:\Program Files", system.join(local, "Programs"))
    return [system.join(root, "Git", "cmd", "git.exe") for root in roots]


CHECK = Check(
    title="Git is new enough",
    why="Sources are fetched as single commits without history (--depth 1 with --filter), which is "
    "reliable from Git 2.25 on.",
    source="docs/sources.md",
    run=_run,
    waits=True,
)
