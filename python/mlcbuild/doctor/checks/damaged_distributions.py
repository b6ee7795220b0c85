"""``damaged-distributions``: no half-installed package."""

from __future__ import annotations

import re

from mlcbuild.doctor.check import Check, Outcome, System, ok, warn
from mlcbuild.doctor.packages import pip
from mlcbuild.doctor.shell import remove_folder

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    leftovers, broken = [], []
    for place in system.python.site_packages:
        for name in system.names(place) or ():
            path = system.join(place, name)
            if name.startswith("~") and system.is_folder(path):
                leftovers.append(path)
            elif name.endswith(".dist-info") and not system.is_file(system.join(path, "METADATA")):
                broken.append((name, path))
    evidence = [f"{path}: METADATA is missing" for _, path in broken]
    evidence += [f"{path}: left by an interrupted pip" for path in leftovers]
    if broken:
        match = re.match(r"(.+?)-\d", broken[0][0])
        name = match[1] if match else broken[0][0].removesuffix(".dist-info")
        return warn(
            f"the installation of {name} is damaged: pip cannot upgrade or remove it",
            evidence=evidence,
            fix=pip(system, "install", "--force-reinstall", "--ignore-installed", name),
        )
    if leftovers:
        return warn(
            f"pip was interrupted and left {system.path.basename(leftovers[0])} behind "
            "(a DLL was in use)",
            evidence=evidence,
            fix=remove_folder(system, leftovers[0]),
        )
    return ok("no installation is damaged")


CHECK = Check(
    title="No installation is damaged",
    why="pip renames a package's folder to ~name before it replaces it; a DLL loaded by a running "
    "Python stops it half-way. Tools that read metadata then crash, or see two versions.",
    source="pypa/pip, Ignoring invalid distribution; python/importlib_metadata",
    run=_run,
)
