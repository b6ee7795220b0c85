"""Pinned sources for any project that declares a lock: ``[tool.mlcbuild.build] lock = "..."``.

The components are fetched before CMake runs, their pins go into the stamp, their licences into the
wheel; ``MLCBUILD_PINS`` and ``MLCBUILD_LICENCES`` pass both folders to CMake.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mlcbuild.builder.licences import gather
from mlcbuild.builder.options import TARGETS
from mlcbuild.sources.fetch import fetch
from mlcbuild.sources.lock import GitOrigin, load

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.builder.project import Project
    from mlcbuild.sources.lock import Component, Lock

#: Folder below the build folder for the files passed to CMake.
_FOLDER: Final = "mlcbuild"


def fetch_sources(
    folder: Path, project: Project, build_dir: Path, *, target: str = ""
) -> dict[str, str]:
    """Fetch the pinned sources of the project in ``folder``; return the CMake settings for them.

    ``MLCBUILD_CACHE`` and ``MLCBUILD_MIRROR`` are honoured. Raises ``InputError`` for what cannot
    be reached or written, ``FailedError`` for what does not match the lock.
    """
    whole = load((folder / project.lock).resolve())
    lock = components_for(whole, project, target)
    print("*** mlcbuild: fetching the pinned sources", flush=True)
    fetch(whole, only=[component.name for component in lock.components])
    into = (build_dir / _FOLDER).resolve()
    into.mkdir(parents=True, exist_ok=True)
    gather(lock, (), into / "licences")
    return {
        "cmake.define.MLCBUILD_PINS": write_pins(into, lock).as_posix(),
        "cmake.define.MLCBUILD_LICENCES": (into / "licences").as_posix(),
        # Headers come from the extracted sources: pip's environment may move without a recompile.
        "cmake.define.MLCBUILD_MAP_PREFIXES": "OFF",
    }


def components_for(lock: Lock, project: Project, target: str) -> Lock:
    """Return the lock for a build of ``project``, without components for other targets."""
    others = set(TARGETS) - {target}
    chosen = lock.select(project.components)
    mine = (each for each in chosen if each.only_for.partition("-")[0] not in others)
    return replace(lock, components=tuple(mine))


def write_pins(folder: Path, lock: Lock) -> Path:
    """Write the lock's pins into ``folder`` in the stamp's form (``stamp.Source``)."""
    path = folder / "pins.json"
    pins = [_pin(component) for component in lock.components]
    path.write_text(json.dumps(pins, indent=1), encoding="utf-8")
    return path


def _pin(component: Component) -> dict[str, str]:
    origin = component.origin
    pin = {"name": component.name, "licence": component.licence}
    if isinstance(origin, GitOrigin):
        return {**pin, "origin": "git", "commit": origin.commit, "url": origin.url}
    return {**pin, "origin": "pypi", "version": origin.version, "sha256": origin.sha256}
