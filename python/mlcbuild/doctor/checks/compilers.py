"""Other C++ compilers, and the variables that name one or change its options."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from mlcbuild.builder.preflight import CLANG, GCC
from mlcbuild.doctor.check import Outcome, System, check, fail, ok, warn
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.shell import unset
from mlcbuild.doctor.toolchains import choice_of, overrides_of, usable
from mlcbuild.doctor.trees import absent
from mlcbuild.errors import InputError, UsageError
from mlcbuild.platforms import by_tag
from mlcbuild.toolchain.compilers import family_of
from mlcbuild.versions import dotted

if TYPE_CHECKING:
    from mlcbuild.toolchain.overrides import Override

_GONE: Final = "names a missing compiler"
_MINGW: Final = (
    "is MinGW: its C++ ABI is not that of MSVC, which Python and the TVM wheels are built with"
)


@check(
    title="CC and CXX name a usable compiler",
    why="CMake's Ninja generators use CC, CXX and the CMAKE_CXX_COMPILER of CMAKE_ARGS as they "
    "are; a MinGW there (Strawberry Perl, MSYS2) builds DLLs with another C++ runtime than "
    "the TVM wheels. Visual Studio generators ignore CC and CXX, so that conda's cl.exe does no "
    "harm there.",
    source="CMake, environment variables CC and CXX; scikit-hep/cookie#710; "
    "abetlen/llama-cpp-python#1888",
    waits=True,
    limit_s=90,  # as long as vswhere may take
)
def compiler_variables(system: System) -> Outcome:
    overrides = overrides_of(system)
    told = []
    for name, override in (("CXX", overrides.cxx), ("CC", overrides.c)):
        if override:
            variable = name if override.said.startswith(f"{name}=") else "CMAKE_ARGS"
            told.append((variable, *_judge_compiler(system, override)))
    evidence = [line for _, _, line in told]
    for problem, make in ((_GONE, fail), (_MINGW, warn)):
        found = [(variable, line) for variable, what, line in told if what == problem]
        if found:
            return make(
                f"{found[0][1]} {problem}",
                evidence=evidence,
                fix=unset(system, *dict.fromkeys(variable for variable, _ in found)),
            )
    return ok("CC, CXX: " + ("found" if told else "not set"), evidence=evidence)


def _judge_compiler(system: System, override: Override) -> tuple[str, str]:
    """Return what is wrong with a compiler, empty for nothing, and where it was named."""
    family = family_of(override.value)
    if system.windows and _made_by_the_build(system, override.value, family):
        return "", override.said
    if _program_of(system, override.value) is None:
        return _GONE, override.said
    if system.windows and family == "mingw" and not system.python.platform.startswith("mingw"):
        return _MINGW, override.said
    return "", override.said


def _made_by_the_build(system: System, value: str, family: str | None) -> bool:
    """Return whether the value is a bare name that Visual Studio's environment provides.

    Visual Studio generators ignore CC, and Ninja runs inside vcvarsall.bat's PATH.
    """
    try:
        visual_studios = usable(system)[0]
        studio_drives = choice_of(system).generator.startswith("Visual Studio")
    except (InputError, UsageError):
        return family == "msvc"  # reported by the checks msvc and generator
    if family == "msvc" and studio_drives:
        return True
    if "/" in value or "\\" in value:
        return False
    if family == "msvc":
        return True
    return family == "clang-cl" and any(
        visual_studio.components is not None and visual_studio.has_clang
        for visual_studio in visual_studios[:1]
    )


def _program_of(system: System, value: str) -> str | None:
    """Find the program in a value that may be quoted, contain blanks or options."""
    whole = value.strip().strip('"')
    if system.is_file(whole):
        return whole
    try:
        words = shlex.split(value, posix=not system.windows)
    except ValueError:
        words = value.split()
    first = words[0].strip('"') if words else ""
    if system.is_file(first) or system.is_file(f"{first}.exe"):
        return first
    return system.find(first) if first and system.path.basename(first) == first else None


_COMPILER_VARIABLES: Final = ("CL", "_CL_", "CFLAGS", "CXXFLAGS")
_LINKER_VARIABLES: Final = ("LINK", "_LINK_")
_RUNTIME: Final = re.compile(r"(?:^|\s)[/-](MTd?|MDd)(?=\s|$)|[/-]D\s*_DEBUG\b")
_MACHINE: Final = re.compile(r"(?:^|\s)[/-]machine:(\w+)", re.IGNORECASE)
_RUSTFLAGS: Final = re.compile(
    r"(CARGO_TARGET_\w+_|CARGO_BUILD_|CARGO_ENCODED_)?RUSTFLAGS", re.IGNORECASE
)
#: Options that break every link: no C startup code, a debug C runtime, no entry point.
_FATAL: Final = re.compile(
    r"(?:^|\s)[/-](nodefaultlib(?::\S+)?|noentry|dll|lib|def:\S+|entry:\S+)(?=\s|$)", re.IGNORECASE
)


@check(
    title="No variable changes compiler or linker",
    why="cl.exe reads CL and _CL_, link.exe LINK and _LINK_, CMake CFLAGS and CXXFLAGS, Cargo "
    "RUSTFLAGS. /MT, /MTd or /MDd there overrides the one runtime (/MD) that C++, Rust and "
    "Python must share. In makefiles LINK is often the linker's path, but link.exe "
    "reads its value as options and files.",
    source="Microsoft, CL environment variables; LINK environment variables; mlc-ai/mlc-llm#999",
    platforms=("win32",),
)
def compiler_flags(system: System) -> Outcome:
    for name, value in system.environment().items():
        if _RUSTFLAGS.fullmatch(name) and "+crt-static" in value:
            return fail(
                f"{name} links Rust with the static C runtime: C++ and Python use the shared one "
                "(LNK2038, two heaps)",
                evidence=(f"{name}={value}",),
                fix=unset(system, name),
            )
    for name in (*_COMPILER_VARIABLES, *_LINKER_VARIABLES):
        value = system.variable(name)
        problem = _flags_problem(system, name, value)
        if problem:
            return fail(problem, evidence=(f"{name}={value}",), fix=unset(system, name))
    return ok("no variable changes compiler or linker")


def _flags_problem(system: System, name: str, value: str) -> str:
    if match := _RUNTIME.search(value):
        return (
            f"{name} holds {match[0].strip()}: every compile would mix C runtimes "
            "(LNK2038, two heaps)"
        )
    if name not in _LINKER_VARIABLES or not value.strip():
        return ""
    machine = _MACHINE.search(value)
    platform = by_tag(system.python.platform)
    wanted = platform.folder if platform else ""
    if machine and wanted and machine[1].lower() not in (wanted, "arm64ec"):
        return (
            f"{name} holds {machine[0].strip()}: link.exe obeys it in every build, and this one "
            f"is for {wanted} (LNK1112)"
        )
    if fatal := _FATAL.search(value):
        return f"{name} holds {fatal[0].strip()}, which every link would obey"
    first = value.split(maxsplit=1)[0]
    if not first.startswith(("/", "-", "@")) and re.search(r"\.exe\b", value, re.IGNORECASE):
        return f"{name} names a program: link.exe reads it as files to link (LNK1104, LNK1107)"
    return ""


@check(
    title="A C++20 compiler is installed",
    why="TVM 0.26 is written in C++20, which needs GCC 10 or Clang 12.",
    source="docs/superbuild.md",
    waits=True,
    platforms=("linux", "darwin"),
)
def cxx_compiler(system: System) -> Outcome:
    fix = install(system, "c++")
    path = next((p for name in ("c++", "g++", "clang++") if (p := system.find(name))), None)
    if path is None:
        return absent(system, "no C++ compiler is installed", fix=fix)
    version, line = system.version_of(path)
    if version is None:
        return fail("the C++ compiler does not run", evidence=(line,), fix=fix)
    clang = "clang" in system.run(path, "--version").out  # asked once
    name, floor = ("Clang", CLANG) if clang else ("GCC", GCC)
    if version < floor:
        return fail(
            f"{name} {dotted(version)} is older than {dotted(floor)}: C++20 is incomplete",
            evidence=(line,),
            fix=fix,
        )
    return ok(f"{name} {dotted(version)}", evidence=(line,))
