"""Git, its large files and its long paths."""

from __future__ import annotations

from functools import partial

from mlcbuild.builder.preflight import GIT
from mlcbuild.doctor.check import Outcome, Repair, System, check, fail, ok, skip, warn
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.shell import prepend_path
from mlcbuild.doctor.trees import absent
from mlcbuild.versions import dotted


@check(
    title="Git is new enough",
    why="Sources are fetched as single commits without history (--depth 1 with --filter), which is "
    "reliable from Git 2.25 on.",
    source="docs/sources.md",
    waits=True,
)
def git(system: System) -> Outcome:
    fix = partial(install, system, "git")
    path = system.find("git")
    if path is None:
        known = next(filter(system.is_file, _git_places(system)), "")
        if known:
            return fail(
                "Git is installed but not on PATH",
                evidence=(known,),
                fix=prepend_path(system, system.path.dirname(known)),
            )
        return absent(
            system, "Git is not installed: the pinned sources cannot be fetched", fix=fix()
        )
    version, line = system.version_of(path)
    if version is None:
        return fail(
            "the Git that is first on PATH does not run",
            evidence=(line,),
            fix=fix(),
        )
    if version < GIT:
        return fail(
            f"Git {dotted(version)} is older than {dotted(GIT)}: fetches of single commits fail",
            evidence=(line,),
            fix=fix(),
        )
    return ok(f"Git {dotted(version)}", evidence=(line,))


def _git_places(system: System) -> list[str]:
    """Return the default folders of Git for Windows: for all users, and for one."""
    if not system.windows:
        return []
    local = system.variable("LOCALAPPDATA") or system.join(system.home, "AppData", "Local")
    roots = (system.variable("ProgramFiles") or r"C:\Program Files", system.join(local, "Programs"))
    return [system.join(root, "Git", "cmd", "git.exe") for root in roots]


@check(
    title="git-lfs is set up",
    why="Weights of models are stored with git-lfs. Without its filter a clone succeeds but has "
    "small pointer files, which fail much later as damaged weights.",
    source="git-lfs documentation",
    waits=True,
)
def git_lfs(system: System) -> Outcome:
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


@check(
    title="Git writes long paths",
    why="Submodules of MLC-LLM and TVM nest deeply; below a long folder name paths exceed 260 "
    "characters, and Git for Windows writes them only with core.longpaths.",
    source="mlc-ai/mlc-llm#2779; Git for Windows, core.longpaths",
    waits=True,
    platforms=("win32",),
)
def git_long_paths(system: System) -> Outcome:
    path = system.find("git")
    if path is None:
        return skip("no Git")
    value = system.run(path, "config", "--get", "core.longpaths").out.strip()
    if value.lower() in ("true", "1", "yes", "on"):
        return ok("Git writes long paths")
    return warn(
        'Git refuses paths of more than 260 characters: checkouts stop with "Filename too long"',
        evidence=(f"git config core.longpaths: {value or 'not set'}",),
        fix="git config --global core.longpaths true",
        repair=Repair(
            says="let Git write long paths (git config --global core.longpaths true)",
            undo="git config --global --unset core.longpaths",
            command=(path, "config", "--global", "core.longpaths", "true"),
        ),
    )
