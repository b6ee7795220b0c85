"""``moved-build``: a build folder whose CMake cache is from another place or generator."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, Repair, System, ok, skip, warn
from mlcbuild.doctor.shell import rename, same_path
from mlcbuild.doctor.trees import build_folders, cache

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    folders = build_folders(system)
    if not folders:
        return skip("no build folder here")
    for build in folders:
        entries = cache(system, build)
        problem = _problem(system, build, entries)
        if problem:
            path = system.join(build, "CMakeCache.txt")
            backup = f"{path}.bak"
            return warn(
                f"{build} {problem}",
                evidence=(path,),
                fix=rename(system, path, backup),
                repair=Repair(
                    says=f"rename {path} to {system.path.basename(backup)}",
                    undo=rename(system, backup, path),
                    rename=(path, backup),
                )
                if system.entry(backup) is None
                else None,
            )
    return ok("build folders are where they were created", evidence=folders)


def _problem(system: System, build: str, entries: dict[str, str]) -> str:
    made_in = entries.get("CMAKE_CACHEFILE_DIR", "")
    if made_in and not same_path(system, made_in, build):
        return f"was created as {made_in} and moved: CMake refuses it"
    source = entries.get("CMAKE_HOME_DIRECTORY", "")
    if source and not system.is_folder(source):
        return f"was created for {source}, which no longer exists"
    compiler = entries.get("CMAKE_CXX_COMPILER", "")
    if system.path.isabs(compiler) and not system.is_file(compiler):
        return f"was created with {compiler}, which no longer exists"
    return ""


CHECK = Check(
    title="Build folders are where they were created",
    why="CMake's cache holds absolute paths. After a move, a renamed user or a Visual Studio "
    "update, CMake fails with messages about the compiler.",
    source="CMake, CMakeCache.txt",
    run=_run,
)
