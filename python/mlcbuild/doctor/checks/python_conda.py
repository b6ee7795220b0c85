"""``python-conda``: the active conda environment is the one whose Python runs."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.shell import command, same_path, unset

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    active = system.variable("CONDA_PREFIX")
    python = system.python
    own = system.is_folder(system.join(python.base_prefix, "conda-meta"))
    name = "CONDA_DLL_SEARCH_MODIFICATION_ENABLE"
    if own and system.windows and system.variable(name):
        return warn(
            f"{name} makes conda's Python search all of PATH for DLLs",
            evidence=(f"{name}={system.variable(name)}",),
            fix=unset(system, name),
        )
    if not active and not own:
        return skip("no conda")
    if active and not same_path(system, active, python.base_prefix):
        return warn(
            "a conda environment is active, but this Python is not part of it: CMake finds conda's "
            "libraries, Python does not",
            evidence=(f"CONDA_PREFIX={active}", f"this Python is {python.executable}"),
            fix="conda deactivate",
        )
    if active and _is_base(system, active):
        return ok("conda's base environment", evidence=(f"CONDA_PREFIX={active}",))
    if own and not active and system.windows:
        return warn(
            "this Python is conda's, but its environment is not activated: Library\\bin is not "
            "on PATH, and programs do not find the DLLs of its packages",
            evidence=(python.executable, "CONDA_PREFIX is not set"),
            fix=command(system, "conda", "activate", python.base_prefix),
        )
    return ok("conda environment", evidence=(f"{python.base_prefix}",))


def _is_base(system: System, prefix: str) -> bool:
    return system.is_folder(system.join(prefix, "condabin"))


CHECK = Check(
    title="The active conda environment is the one that runs",
    why="conda's Python searches five more folders for DLLs, and its activation changes PATH. A "
    "venv's Python in an active conda environment builds against conda and runs without it.",
    source="conda-forge python-feedstock, patch 0012; conda/conda#10897",
    run=_run,
)
