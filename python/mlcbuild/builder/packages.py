"""Every native file of the wheel, from any source, with its path inside the wheel.

Most come from the install. scikit-build-core then copies ``wheel.packages`` and
``wheel.force-include``, so a library from there (a binary in version control, a leftover of an
earlier build) would bypass the gate; and it omits what ``wheel.exclude`` names.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from packaging.version import InvalidVersion, Version

from mlcbuild.builder.staged import native_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlcbuild.builder.expectation import BuildRecord
    from mlcbuild.builder.project import Project

#: ``${SKBUILD_PLATLIB_DIR}/pkg/x`` -> tree and rest; a plain destination is in the target library.
_DESTINATION: Final = re.compile(r"(?:\$\{SKBUILD_([A-Z]+)_DIR\}/?)?(.*)", re.DOTALL)


def wheel_files(
    folder: Path, project: Project, record: BuildRecord, stage: Path
) -> dict[str, Path]:
    """Return path inside the wheel -> file; later sources win, as in scikit-build-core."""
    wheel = project.scikit_build.get("wheel", {})
    data = f"{record.distribution}-{_normal_version(record.version)}.data"
    files: dict[str, Path] = {}
    if record.state != "editable":  # an editable install copies no packages
        for target, source in package_folders(folder, project).items():
            files |= native_files(source, prefix=f"{target}/")
    files |= native_files(stage)
    for tree, place in (("scripts", record.scripts), ("data", record.data)):
        if place:
            files |= native_files(Path(place), prefix=f"{data}/{tree}/")
    files = _without_excluded(files, wheel.get("exclude", []))
    if record.state != "editable":
        files |= _forced(folder, wheel.get("force-include", {}), data)
    return files


def package_folders(folder: Path, project: Project) -> dict[str, Path]:
    """Return path inside the wheel -> source folder, by scikit-build-core's rules."""
    declared = project.scikit_build.get("wheel", {}).get("packages")
    if isinstance(declared, dict):
        return {target: folder / source for target, source in declared.items()}
    if declared is None:
        name = project.name.replace("-", "_").replace(".", "_")
        for source in (f"src/{name}", f"python/{name}", name):
            if (folder / source / "__init__.py").is_file():
                return {name: folder / source}
        return {}
    return {source.rstrip("/").rpartition("/")[2]: folder / source for source in declared}


def _forced(folder: Path, entries: Mapping[str, str], data: str) -> Iterator[tuple[str, Path]]:
    for source, destination in entries.items():
        match = _DESTINATION.fullmatch(destination)
        tree, rest = (match[1] or "PLATLIB", match[2]) if match else ("PLATLIB", destination)
        prefix = "" if tree in ("PLATLIB", "PURELIB") else f"{data}/{tree.lower()}/"
        if tree not in ("METADATA", "NULL"):
            for path, file in native_files(folder / source):
                below = f"{rest.rstrip('/')}/{path}" if path else rest
                yield prefix + below.lstrip("/"), file


def _without_excluded(files: Mapping[str, Path], patterns: list[Any]) -> dict[str, Path]:
    if not patterns or not files:
        return dict(files)
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - comes with scikit-build-core

    spec = GitIgnoreSpec.from_lines(patterns)
    return {path: file for path, file in files.items() if not spec.match_file(path)}


def _normal_version(text: str) -> str:
    try:
        return str(Version(text)).replace("-", "_")
    except InvalidVersion:
        return text
