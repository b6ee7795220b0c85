"""``debug-libraries``: Debug builds among the libraries of a build folder."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, skip
from mlcbuild.doctor.shell import command
from mlcbuild.doctor.trees import build_folders, images
from mlcbuild.pe.crt import is_debug_crt

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    folders = build_folders(system)
    if not folders:
        return skip("no build folder here")
    read = 0
    for build in folders:
        debug, release = [], set()
        for path in images(system, build):
            image = system.image(path)
            read += image is not None
            if image is not None and image.crt == "debug":
                runtime = next(dll.name for dll in image.imports if is_debug_crt(dll.name))
                debug.append((path, runtime))
            elif image is not None:
                release.add(system.path.basename(path).lower())
        only = [d for d in debug if system.path.basename(d[0]).lower() not in release]
        if only:
            path, runtime = only[0]
            return fail(
                f"{system.path.relpath(path, build)} is a Debug build (it imports {runtime}): it "
                "only loads where Visual Studio is installed",
                evidence=[f"{path}: imports {name}" for path, name in only],
                fix=command(system, "cmake", "--build", build, "--config", "Release"),
            )
    return ok(f"{read} libraries in build folders, none of them only as Debug", evidence=folders)


CHECK = Check(
    title="Libraries are Release builds",
    why="A Debug DLL imports msvcp140d, vcruntime140d or ucrtbased, which no other machine has: "
    "WinError 126. Folder names prove nothing, so the images are read.",
    source="mlc-ai/mlc-llm#999; rule debug-crt of mlcbuild check",
    run=_run,
)
