"""``compiler-flags``: no variable adds another C runtime, machine or file to the build."""

from __future__ import annotations

import re
from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok
from mlcbuild.doctor.shell import unset
from mlcbuild.platforms import by_tag

__all__ = ["CHECK"]

_COMPILER: Final = ("CL", "_CL_", "CFLAGS", "CXXFLAGS")
_LINKER: Final = ("LINK", "_LINK_")
_RUNTIME: Final = re.compile(r"(?:^|\s)[/-](MTd?|MDd)(?=\s|$)|[/-]D\s*_DEBUG\b")
_MACHINE: Final = re.compile(r"(?:^|\s)[/-]machine:(\w+)", re.IGNORECASE)
_RUSTFLAGS: Final = re.compile(
    r"(CARGO_TARGET_\w+_|CARGO_BUILD_|CARGO_ENCODED_)?RUSTFLAGS", re.IGNORECASE
)
#: Options that break every link: no C startup code, a debug C runtime, no entry point.
_FATAL: Final = re.compile(
    r"(?:^|\s)[/-](nodefaultlib(?::\S+)?|noentry|dll|lib|def:\S+|entry:\S+)(?=\s|$)", re.IGNORECASE
)


def _run(system: System) -> Outcome:
    for name, value in system.environment().items():
        if _RUSTFLAGS.fullmatch(name) and "+crt-static" in value:
            return fail(
                f"{name} links Rust with the static C runtime: C++ and Python use the shared one "
                "(LNK2038, two heaps)",
                evidence=(f"{name}={value}",),
                fix=unset(system, name),
            )
    for name in (*_COMPILER, *_LINKER):
        value = system.variable(name)
        problem = _problem(system, name, value)
        if problem:
            return fail(problem, evidence=(f"{name}={value}",), fix=unset(system, name))
    return ok("no variable changes compiler or linker")


def _problem(system: System, name: str, value: str) -> str:
    if match := _RUNTIME.search(value):
        return (
            f"{name} holds {match[0].strip()}: every compile would mix C runtimes "
            "(LNK2038, two heaps)"
        )
    if name not in _LINKER or not value.strip():
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


CHECK = Check(
    title="No variable changes compiler or linker",
    why="cl.exe reads CL and _CL_, link.exe LINK and _LINK_, CMake CFLAGS and CXXFLAGS, Cargo "
    "RUSTFLAGS. /MT, /MTd or /MDd there overrides the one runtime (/MD) that C++, Rust and "
    "Python must share. In makefiles LINK is often the linker's path, but link.exe "
    "reads its value as options and files.",
    source="Microsoft, CL environment variables; LINK environment variables; mlc-ai/mlc-llm#999",
    run=_run,
    platforms=("win32",),
)
