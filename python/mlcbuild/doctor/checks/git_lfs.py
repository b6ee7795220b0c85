"""``git-lfs``: model weights in Git repositories are not left as pointers."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, Repair, System, ok, skip, warn

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    path = system.find("git")
    if path is None:
        return skip("no Git")
    installed = system.run(path, "lfs", "version")
    if not installed.good:
        return skip("not installed: only needed to clone model weights with Git")
    if system.run(path, "config", "--get", "filter.lfs.process").out.strip():
        return ok(installed.out.split()[0] if installed.out.split() else "git-lfs")
    return warn(
        "git-lfs is installed but not set up: clones hold pointer files instead of weights",
        evidence=(installed.out.strip(), "git config filter.lfs.process: not set"),
        fix="git lfs install",
        repair=Repair(
            says="set up git-lfs for this user (git lfs install)",
            undo="git lfs uninstall",
            command=(path, "lfs", "install"),
        ),
    )


CHECK = Check(
    title="git-lfs is set up",
    why="Weights of models are stored with git-lfs. Without its filter a clone succeeds but has "
    "small pointer files, which fail much later as damaged weights.",
    source="git-lfs documentation",
    run=_run,
    waits=True,
)
