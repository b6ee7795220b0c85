"""``build-configuration``: a build folder whose generator ignores the requested configuration."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.shell import command
from mlcbuild.doctor.trees import build_folders, cache

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    folders = build_folders(system)
    if not folders:
        return skip("no build folder here")
    for build in folders:
        entries = cache(system, build)
        generator = entries.get("CMAKE_GENERATOR", "")
        if not generator.startswith(("Visual Studio", "Xcode")) and "Multi" not in generator:
            continue
        asked = entries.get("CMAKE_BUILD_TYPE", "")
        types = [t for t in entries.get("CMAKE_CONFIGURATION_TYPES", "").split(";") if t]
        first = types[0] if types else "Debug"
        if first == "Debug" and "mlcbuild" not in entries.get(
            "CMAKE_PROJECT_TOP_LEVEL_INCLUDES", ""
        ):
            why = f"ignores CMAKE_BUILD_TYPE={asked} and" if asked else "has no --config here and"
            return warn(
                f"{generator} {why} builds Debug where cmake --build is called without --config",
                evidence=(
                    f"{system.join(build, 'CMakeCache.txt')}",
                    f"CMAKE_CONFIGURATION_TYPES: {';'.join(types) or 'not set'}",
                ),
                fix=command(system, "cmake", "-DCMAKE_CONFIGURATION_TYPES=Release", build),
            )
    return ok("build folders name their configuration", evidence=folders)


CHECK = Check(
    title="Build folders build Release",
    why="Multi-config generators ignore CMAKE_BUILD_TYPE. cmake --build without "
    "--config builds the first of CMAKE_CONFIGURATION_TYPES, which is Debug.",
    source="CMake, CMAKE_BUILD_TYPE; mlc-ai/mlc-llm#999",
    run=_run,
)
