"""CMake build folders left from earlier builds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mlcbuild.doctor.check import Outcome, Repair, System, check, fail, ok, skip, warn
from mlcbuild.doctor.shell import command, rename, same_path
from mlcbuild.doctor.trees import build_folders, cache, images, sources
from mlcbuild.pe.crt import is_debug_crt


@check(
    title="Build folders build Release",
    why="Multi-config generators ignore CMAKE_BUILD_TYPE. cmake --build without "
    "--config builds the first of CMAKE_CONFIGURATION_TYPES, which is Debug.",
    source="CMake, CMAKE_BUILD_TYPE; mlc-ai/mlc-llm#999",
)
def build_configuration(system: System) -> Outcome:
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


@check(
    title="Libraries are Release builds",
    why="A Debug DLL imports msvcp140d, vcruntime140d or ucrtbased, which no other machine has: "
    "WinError 126. Folder names prove nothing, so the images are read.",
    source="mlc-ai/mlc-llm#999; rule debug-crt of mlcbuild check",
)
def debug_libraries(system: System) -> Outcome:
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


_SET: Final = re.compile(r"^\s*set\s*\(\s*(\w+)\s+([^)]*?)\s*\)", re.IGNORECASE | re.MULTILINE)
_FOLDERS: Final = ("TVM_SOURCE_DIR", "TVM_HOME")


@check(
    title="No stale config.cmake",
    why="gen_cmake_config.py writes config.cmake once, with a plain set() that hides -D options, "
    "and CMake reads it from the build folder, else from the source folder. It survives upgrades.",
    source="mlc-llm, cmake/gen_cmake_config.py and CMakeLists.txt at 79d603f0",
)
def config_cmake(system: System) -> Outcome:
    places = dict.fromkeys((*build_folders(system), *_with_build(system)))
    files = [system.join(place, "config.cmake") for place in places]
    files = [path for path in files if system.is_file(path)]
    if not files:
        return skip("no config.cmake here")
    for path in files:
        problem = next(_config_problems(system, path), "")
        if problem:
            backup = _free_name(system, path)
            return warn(
                f"{path} {problem}",
                evidence=files,
                fix=rename(system, path, backup),
                repair=Repair(
                    says=f"rename {path} to {system.path.basename(backup)}",
                    undo=rename(system, backup, path),
                    rename=(path, backup),
                ),
            )
    return ok("config.cmake overrides nothing important", evidence=files)


def _with_build(system: System) -> Iterator[str]:
    """Yield source trees and their possible build folders."""
    for source in sources(system):
        yield source
        yield system.join(source, "build")


def _config_problems(system: System, path: str) -> Iterator[str]:
    settings: dict[str, list[str]] = {}
    for name, value in _SET.findall(system.text(path) or ""):
        settings.setdefault(name, []).append(value.strip('"'))
    if "CMAKE_BUILD_TYPE" in settings:
        value = settings["CMAKE_BUILD_TYPE"][-1]
        yield f"sets CMAKE_BUILD_TYPE to {value}, overriding the command line"
    for name in _FOLDERS:
        value = settings.get(name, [""])[-1]
        if value and "$" not in value and not system.is_folder(value):
            yield f"sets {name} to {value}, which is gone"
    for name, values in settings.items():
        if len(set(values)) > 1:
            yield f"sets {name} {len(values)} times, to {' and to '.join(dict.fromkeys(values))}"


def _free_name(system: System, path: str) -> str:
    for number in range(1, 100):
        name = f"{path}.{number}.bak"
        if system.entry(name) is None:
            return name
    return f"{path}.bak"


@check(
    title="Build folders are where they were created",
    why="CMake's cache holds absolute paths. After a move, a renamed user or a Visual Studio "
    "update, CMake fails with messages about the compiler.",
    source="CMake, CMakeCache.txt",
)
def moved_build(system: System) -> Outcome:
    folders = build_folders(system)
    if not folders:
        return skip("no build folder here")
    for build in folders:
        entries = cache(system, build)
        problem = _moved(system, build, entries)
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


def _moved(system: System, build: str, entries: dict[str, str]) -> str:
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
