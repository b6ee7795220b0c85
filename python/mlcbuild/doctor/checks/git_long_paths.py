"""``git-long-paths``: Git may write paths of more than 260 characters."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, Repair, System, ok, skip, warn

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
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


CHECK = Check(
    title="Git writes long paths",
    why="Submodules of MLC-LLM and TVM nest deeply; below a long folder name paths exceed 260 "
    "characters, and Git for Windows writes them only with core.longpaths.",
    source="mlc-ai/mlc-llm#2779; Git for Windows, core.longpaths",
    run=_run,
    waits=True,
    platforms=("win32",),
)
