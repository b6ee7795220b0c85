"""Native files that reach the wheel from the project's Python packages, not from the install.

scikit-build-core copies ``wheel.packages`` after the install, so a library that lies there (a
binary in version control, what an earlier build left) would pass by the gate unseen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlcbuild.build.staged import native_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlcbuild.build.project import Project

__all__ = ["package_files", "package_folders"]


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


def package_files(folder: Path, project: Project) -> dict[str, Path]:
    """Return the native files of the project's packages: path inside the wheel -> file."""
    files = {
        path: file
        for target, source in package_folders(folder, project).items()
        for path, file in native_files(source, prefix=f"{target}/")
    }
    return _without_excluded(files, project.scikit_build.get("wheel", {}))


def _without_excluded(files: Mapping[str, Path], wheel: Mapping[str, Any]) -> dict[str, Path]:
    patterns = wheel.get("exclude", [])
    if not patterns or not files:
        return dict(files)
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - comes with scikit-build-core

    spec = GitIgnoreSpec.from_lines(patterns)
    return {path: file for path, file in files.items() if not spec.match_file(path)}
