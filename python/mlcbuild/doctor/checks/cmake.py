"""CMake, its generators, and what changes its configuration."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from mlcbuild.builder.preflight import CMAKE
from mlcbuild.doctor.check import Outcome, System, check, fail, ok, skip, warn
from mlcbuild.doctor.packages import pip, pip_repair
from mlcbuild.doctor.shell import set_variables, unset
from mlcbuild.doctor.toolchains import (
    choice_of,
    cmake_of,
    machine_of,
    overrides_of,
    usable,
    visual_studio_setup,
)
from mlcbuild.doctor.trees import sources
from mlcbuild.errors import InputError, UsageError
from mlcbuild.toolchain.compilers import PACKAGES
from mlcbuild.toolchain.machine import architecture, visual_studio_generator
from mlcbuild.toolchain.vswhere import CLANG, CLANG_TOOLSET
from mlcbuild.versions import dotted, find_version

if TYPE_CHECKING:
    from mlcbuild.toolchain.overrides import Overrides

_WANTED: Final = f"cmake>={dotted(CMAKE)}"
_FALSE: Final = frozenset({"0", "false", "no", "off"})


@check(
    title="CMake is new enough",
    why="tvm-ffi needs 3.26. pip installs a CMake for a build where PATH has none or an old one, "
    "unless configured not to; a broken one on PATH is used all the same.",
    source="tvm-ffi's CMakeLists.txt; docs/superbuild.md; pip, Configuration (negated options)",
    waits=True,
)
def cmake(system: System) -> Outcome:
    path = system.find("cmake")
    if path is None:
        return _too_little(system, "none on PATH", ())
    version, line = system.version_of(path)
    if version is None:
        return fail(
            "the CMake that is first on PATH does not run",
            evidence=(line,),
            fix=pip(system, "install", _WANTED),
            repair=pip_repair(system, _WANTED),
        )
    if version[:2] < CMAKE:
        return _too_little(system, f"{dotted(version)} is older than {dotted(CMAKE)}", (line,))
    return ok(f"CMake {dotted(version)}", evidence=(line,))


def _too_little(system: System, what: str, evidence: tuple[str, ...]) -> Outcome:
    """Judge by whether pip may install a CMake for the build."""
    no_index = system.variable("PIP_NO_INDEX")
    isolation = system.variable("PIP_NO_BUILD_ISOLATION")
    if no_index and no_index.lower() not in _FALSE:
        return fail(
            f"CMake: {what}, and PIP_NO_INDEX={no_index} keeps pip from installing one",
            evidence=evidence,
            fix=unset(system, "PIP_NO_INDEX"),
        )
    # pip reads PIP_NO_BUILD_ISOLATION as the value of build_isolation: 0 switches it off.
    if isolation and isolation.lower() in _FALSE:
        return fail(
            f"CMake: {what}, and PIP_NO_BUILD_ISOLATION={isolation} keeps pip from installing one",
            evidence=evidence,
            fix=pip(system, "install", _WANTED),
            repair=pip_repair(system, _WANTED),
        )
    if isolation:
        return warn(
            f"PIP_NO_BUILD_ISOLATION={isolation} does not turn pip's build isolation off "
            f"(0 does); a build without isolation would fail here, CMake: {what}",
            evidence=evidence,
            fix=unset(system, "PIP_NO_BUILD_ISOLATION"),
        )
    return ok(f"CMake: {what}, pip installs a newer one for each build", evidence=evidence)


@check(
    title="CMake supports the newest Visual Studio",
    why='The generator "Visual Studio 18 2026" came with CMake 4.2. An older one falls back to '
    "another Visual Studio, or finds none. Our build then uses Ninja Multi-Config; manual "
    "builds stop.",
    source="CMake 4.2 release notes; google/bloaty#506, ada-url/ada#1165, microsoft/msquic#6104",
    waits=True,
    limit_s=90,  # as long as vswhere may take
    platforms=("win32",),
)
def cmake_generator(system: System) -> Outcome:
    cmake = cmake_of(system)
    if cmake is None:
        return skip("no CMake to ask")
    try:
        found = usable(system)[0]
    except InputError as error:
        return skip(f"see the check msvc: {error.message}")
    if not found:
        return skip("no usable Visual Studio: see the check msvc")
    newest = max(found, key=lambda visual_studio: visual_studio.order)
    generator, since = visual_studio_generator(newest.major)
    evidence = (f"{newest.name} {newest.path}", f"CMake {cmake.text} {system.find('cmake')}")
    if not generator or cmake.knows(generator):
        return ok(f"CMake {cmake.text} supports {newest.name}", evidence=evidence)
    return warn(
        f"{newest.name} needs CMake {since}, found {cmake.text}: "
        'CMake will say that it "could not find any instance of Visual Studio"',
        evidence=evidence,
        fix=pip(system, "install", f"cmake>={since}"),
        repair=pip_repair(system, f"cmake>={since}"),
    )


_POLICY_VARIABLE: Final = "CMAKE_POLICY_VERSION_MINIMUM"
#: Below a source tree of MLC-LLM: declares CMake 3.1.
_OLD_PROJECT: Final = ("3rdparty", "tokenizers-cpp", "msgpack", "CMakeLists.txt")


@check(
    title="CMake accepts upstream's old projects",
    why="CMake 4 dropped compatibility with projects that declare less than 3.5. Our policy sets "
    "it for our builds; a manual build of upstream's tree needs the variable.",
    source="CMake 4.0 release notes; mlc-ai/package 2820c59",
    waits=True,
)
def cmake_policy(system: System) -> Outcome:
    trees = [tree for tree in sources(system) if system.is_file(system.join(tree, *_OLD_PROJECT))]
    version = find_version(system.ask("cmake", "--version"))
    if not trees or version is None:
        return skip("no upstream source tree here" if not trees else "no CMake to ask")
    if version < (4,) or system.variable(_POLICY_VARIABLE):
        return ok(f"CMake {dotted(version)} accepts upstream's old projects")
    return warn(
        f"CMake {dotted(version)} refuses projects that declare less than 3.5, such as this "
        f"tree's msgpack",
        evidence=[system.join(tree, *_OLD_PROJECT) for tree in trees],
        fix=set_variables(system, **{_POLICY_VARIABLE: "3.5"}),
    )


_GENERATOR_VARIABLES = (
    "CMAKE_GENERATOR",
    "CMAKE_GENERATOR_PLATFORM",
    "CMAKE_GENERATOR_TOOLSET",
    "CMAKE_GENERATOR_INSTANCE",
)


@check(
    title="A CMake generator can be chosen",
    why="The build uses the newest Visual Studio that CMake supports, else Ninja Multi-Config in "
    "MSVC's environment. CMAKE_GENERATOR and its like override that choice: a single-config "
    "generator without a configuration, or a missing Visual Studio, cannot build.",
    source="docs/superbuild.md; google/bloaty#506, microsoft/msquic#6104",
    waits=True,
    limit_s=90,  # as long as vswhere may take
)
def generator(system: System) -> Outcome:
    evidence = [
        f"{name}={value}" for name in _GENERATOR_VARIABLES if (value := system.variable(name))
    ]
    try:
        if system.windows and not evidence and not usable(system)[0]:
            return skip("no usable Visual Studio: see the check msvc")
        choice = choice_of(system)
    except InputError as error:
        return skip(f"see the check msvc: {error.message}")
    except UsageError as error:
        return fail(error.message, evidence=evidence, fix=_generator_fix(system, error))
    platform = architecture(overrides_of(system).platform.value)
    if system.windows and platform and platform != machine_of(system).target:
        return fail(
            f"{overrides_of(system).platform.said} selects {platform}, but this Python is for "
            f"{machine_of(system).target}",
            evidence=evidence,
            fix=unset(system, _said_by(system)),
        )
    return ok(f"generator {choice.generator}", evidence=[*evidence, *choice.reasons])


def _generator_fix(system: System, error: UsageError) -> str:
    if "clang-cl toolset" in error.message and (visual_studios := usable(system)[0]):
        parts = ("--add", CLANG, "--add", CLANG_TOOLSET)
        return visual_studio_setup(system, "modify", visual_studios[0], *parts)
    if "CMAKE_ARGS" in error.message:
        return unset(system, "CMAKE_ARGS")
    asked = next((name for name in _GENERATOR_VARIABLES if system.variable(name)), "")
    return unset(system, asked) if asked else error.remedy


def _said_by(system: System) -> str:
    said = overrides_of(system).platform.said
    name = said.partition("=")[0]
    return name if name in _GENERATOR_VARIABLES else "CMAKE_ARGS"


@check(
    title="No variable changes CMake's configuration",
    why="CMake and scikit-build-core read CMAKE_ARGS, CMAKE_BUILD_TYPE, CMAKE_CONFIG_TYPE and "
    "CMAKE_TOOLCHAIN_FILE. One set for another project silently changes a Release build, "
    "and vcpkg's toolchain file adds its own copies of libraries.",
    source="CMake, environment variables; vcpkg, CMake integration; docs/your-project.md; "
    "mlc-ai/mlc-llm#999",
)
def cmake_variables(system: System) -> Outcome:
    arguments = system.variable("CMAKE_ARGS")
    if "CMAKE_PROJECT_TOP_LEVEL_INCLUDES" in arguments:
        return _variable_problem(system, "CMAKE_ARGS", "replaces the release policy", grave=True)
    try:
        shlex.split(arguments)
    except ValueError:
        return _variable_problem(system, "CMAKE_ARGS", "has an unpaired quotation mark", grave=True)
    file = system.variable("CMAKE_TOOLCHAIN_FILE")
    if file and not system.is_file(file):
        return _variable_problem(system, "CMAKE_TOOLCHAIN_FILE", "names a missing file", grave=True)
    overrides = overrides_of(system)
    if overrides.toolchain_file:
        variable = (
            "CMAKE_TOOLCHAIN_FILE" if file == overrides.toolchain_file.value else "CMAKE_ARGS"
        )
        problem = _foreign_toolchain(system, overrides)
        if problem:
            return _variable_problem(system, variable, problem)
    if system.variable("MLCBUILD_CONFIGURATION") not in ("", "Release"):
        return _variable_problem(
            system, "MLCBUILD_CONFIGURATION", "selects a build that is never packaged"
        )
    if system.variable("CMAKE_CONFIG_TYPE") not in ("", "Release"):
        return _variable_problem(
            system, "CMAKE_CONFIG_TYPE", "is the default of cmake --build without --config"
        )
    for name in ("CMAKE_BUILD_TYPE", "SKBUILD_CMAKE_BUILD_TYPE"):
        if re.fullmatch(r"(?i)debug|relwithdebinfo", system.variable(name)):
            return _variable_problem(
                system, name, "is not Release, and Visual Studio generators ignore it anyway"
            )
    if re.search(r"-D\s*CMAKE_BUILD_TYPE(:\w+)?=(?!Release\b)", arguments):
        return _variable_problem(system, "CMAKE_ARGS", "selects a configuration other than Release")
    runtime = re.search(r"-D\s*CMAKE_MSVC_RUNTIME_LIBRARY(:\w+)?=(?!MultiThreadedDLL\b)", arguments)
    if system.windows and (runtime or re.search(r"[\s=\"'][/-]MTd?(?=[\s\"']|$)", arguments)):
        return _variable_problem(
            system, "CMAKE_ARGS", "selects a C runtime other than Python's (/MD)"
        )
    return ok("no variable changes CMake's configuration")


def _foreign_toolchain(system: System, overrides: Overrides) -> str:
    """Describe the effect of an existing toolchain file; empty where it may be intended."""
    path = overrides.toolchain_file.value
    if match := PACKAGES.search(path):
        who = "vcpkg" if match[1].lower() == "vcpkg" else "Conan"
        return f"puts {who}'s packages before the pinned ones in every build, including this one"
    named = re.search(r"set\s*\(\s*CMAKE_SYSTEM_NAME\s+\"?(\w+)", system.text(path) or "")
    own = {"win32": "Windows", "darwin": "Darwin"}.get(system.platform, "Linux")
    if named and named[1] not in (own, "Windows"):
        return f"targets {named[1]}: the libraries built do not load on this machine"
    return ""


def _variable_problem(system: System, name: str, what: str, *, grave: bool = False) -> Outcome:
    line = f"{name}={system.variable(name)}"
    make = fail if grave else warn
    return make(f"{line} {what}", evidence=(line,), fix=unset(system, name))
