"""Pinned sources for any project that declares a lock: ``[tool.mlcbuild.build] lock = "..."``.

The components are fetched before CMake runs, their pins go into the stamp, their licences into the
wheel; ``MLCBUILD_PINS`` and ``MLCBUILD_LICENCES`` pass both folders to CMake.

The licences of all compiled-in code go to the wheel's ``.dist-info/licenses``. The lock lists each
component's licence files. Crates are read through ``cargo metadata``; a text shared by several
crates is written once, with their names.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.builder.options import TARGETS
from mlcbuild.errors import FailedError
from mlcbuild.sources.fetch import fetch
from mlcbuild.sources.lock import Component, GitOrigin, Lock, load

if TYPE_CHECKING:
    from mlcbuild.builder.project import Project

#: A folder below the build folder; CMake installs it.
FOLDER: Final = "licences"

_LICENCE_FILE: Final = re.compile(r"(licen[cs]e|copying|notice|copyright|unlicense)", re.IGNORECASE)


def gather(lock: Lock, packages: Iterable[dict[str, Any]], into: Path) -> None:
    """Write the licence files of the lock's components and of all crates below ``into``.

    The lock's components are extracted next to it; ``packages`` are the crates (``builder.cargo``).
    The folder is replaced as a whole. Raises ``FailedError`` where a licence file of the lock is
    missing.
    """
    fresh = into.with_name(into.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    for component in lock.components:
        for name in component.licence_files:
            source = lock.path.parent / component.name / name
            target = fresh / component.name / name
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(source, target)
            except FileNotFoundError as error:
                raise FailedError(
                    f"the licence file {name} of {component.name} is missing",
                    remedy="correct licence_files in 3rdparty/sources.toml",
                ) from error
    if texts := crate_texts(packages):
        (fresh / "crates.txt").write_text(merged(texts), encoding="utf-8", newline="\n")
        (fresh / "crates.json").write_text(listed(texts), encoding="utf-8", newline="\n")
    shutil.rmtree(into, ignore_errors=True)
    fresh.rename(into)


def listed(crates: dict[str, tuple[str, tuple[str, ...]]]) -> str:
    """Return the crates as JSON, for the bill of materials (``mlcbuild release``)."""
    rows = [
        {"name": name.split()[0], "version": name.split()[1], "licence": expression}
        for name, (expression, _) in crates.items()
    ]
    return json.dumps(rows, indent=1) + "\n"


def crate_texts(
    packages: Iterable[dict[str, Any]],
) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return ``name version`` -> (SPDX expression, licence texts) of every crate.

    ``packages`` are those of ``cargo metadata``; our own package, which has no source, is skipped.
    """
    return {
        f"{package['name']} {package['version']}": (
            package.get("license") or "see its licence file",
            tuple(_texts(Path(package["manifest_path"]).parent)),
        )
        for package in sorted(packages, key=lambda p: (p["name"], p["version"]))
        if package["source"] is not None
    }


def _texts(folder: Path) -> Iterable[str]:
    for path in sorted(folder.iterdir()):
        if path.is_file() and _LICENCE_FILE.match(path.name):
            yield path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n").strip()


def merged(crates: dict[str, tuple[str, tuple[str, ...]]]) -> str:
    """Return one text: the crates with their expressions, then each distinct licence once."""
    lines = ["Crates compiled into the tokenizers, with their licences.", ""]
    lines += [f"{name}: {expression}" for name, (expression, _) in crates.items()]
    carriers: dict[str, list[str]] = {}
    for name, (_, texts) in crates.items():
        for text in texts:
            carriers.setdefault(text, []).append(name)
    for text, names in carriers.items():
        lines += ["", "=" * 78, ", ".join(dict.fromkeys(names)), "-" * 78, text]
    return "\n".join(lines) + "\n"


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
