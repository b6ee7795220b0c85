"""Other programs of a build, and of compiling models: Ninja, MinGW-w64, Wine, Zig, linkers."""

from __future__ import annotations

import re
from typing import Final

from mlcbuild.builder.preflight import GCC
from mlcbuild.doctor.check import Outcome, System, check, fail, ok, skip, warn
from mlcbuild.doctor.distributions import distributions, family, provides
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.packages import pip, pip_repair
from mlcbuild.doctor.shell import command, prepend_path, python, set_variables
from mlcbuild.doctor.toolchains import readable
from mlcbuild.mingw import compilers, program
from mlcbuild.platforms import by_tag
from mlcbuild.versions import dotted

#: scikit-build-core's default minimum; CMake's Ninja generators need 1.5.
_OLDEST_NINJA: Final = (1, 5)


@check(
    title="Ninja runs",
    why="The first Ninja on PATH is used, even if it does not start (for another machine, "
    "or a wrapper whose Python is gone).",
    source="CMake, Ninja generator; scikit-build-core, ninja.version",
    waits=True,
)
def ninja(system: System) -> Outcome:
    path = system.find("ninja")
    if path is None:
        return ok("Ninja: none on PATH, pip installs one where a build needs it")
    version, line = system.version_of(path)
    if version is None:
        return fail(
            "the Ninja that is first on PATH does not run",
            evidence=(line,),
            fix=pip(system, "install", "ninja"),
            repair=pip_repair(system, "ninja"),
        )
    if version < _OLDEST_NINJA:
        return warn(
            f"Ninja {dotted(version)} is older than {dotted(_OLDEST_NINJA)}",
            evidence=(line,),
            fix=pip(system, "install", "ninja"),
            repair=pip_repair(system, "ninja"),
        )
    return ok(f"Ninja {dotted(version)}", evidence=(line,))


@check(
    title="MinGW-w64 can cross-build",
    why="The lab compiles its helpers with MinGW-w64. The variant with the thread model "
    "win32 has no std::mutex before GCC 13.",
    source="GCC 13 release notes",
    waits=True,
    platforms=("linux",),
)
def mingw(system: System) -> Outcome:
    path = next((p for name in compilers("g++") if (p := system.find(name))), None)
    fix = install(system, "mingw")
    if path is None:
        if system.find(program("gcc")):
            return warn("MinGW-w64 is installed without its C++ compiler", fix=fix)
        return skip("not installed: only the lab needs it (mlcbuild lab)")
    done = system.run(path, "-v")
    model = re.search(r"^Thread model: (\S+)", done.err + done.out, re.MULTILINE)
    # Debian writes "gcc version 12-posix (GCC)".
    found = re.search(r"^gcc version (\d+)(?:\.(\d+))?", done.err + done.out, re.MULTILINE)
    version = tuple(int(part) for part in found.groups() if part) if found else None
    evidence = (f"{path} {dotted(version or ())}, threads: {model[1] if model else 'unknown'}",)
    if not done.good or version is None:
        return warn("the MinGW-w64 compiler does not run", evidence=(path,), fix=fix)
    if version < GCC:
        return warn(
            f"MinGW-w64 GCC {dotted(version)} is older than {dotted(GCC)}: C++20 is incomplete",
            evidence=evidence,
            fix=fix,
        )
    if model is not None and model[1] == "win32" and version < (13,):
        return warn(
            "MinGW-w64 has the thread model win32: std::mutex is missing",
            evidence=evidence,
            fix=fix,
        )
    return ok(f"MinGW-w64 GCC {dotted(version)}", evidence=evidence)


#: The lab was tested with 8; older ones lack functions that Windows' Python needs.
_OLDEST_WINE: Final = 8


@check(
    title="Wine can run the lab",
    why="mlcbuild lab runs Windows' Python under Wine to test a Windows wheel on Linux.",
    source="docs/verify.md",
    waits=True,
    platforms=("linux",),
)
def wine(system: System) -> Outcome:
    path = system.find("wine") or system.find("wine64")
    if path is None:
        return skip("not installed: only mlcbuild lab and verify --lab need it")
    fix = install(system, "wine")
    done = system.run(path, "--version")
    match = re.search(r"wine-(\d+)\.(\d+)", done.out)
    if match is None:
        why = (done.err.strip().splitlines() or [done.problem or f"exit code {done.code}"])[-1]
        return warn("Wine does not run", evidence=(f"{path}: {why}",), fix=fix)
    evidence = (f"{path} {match[0]}",)
    if int(match[1]) < _OLDEST_WINE:
        return warn(
            f"Wine {match[1]}.{match[2]} is older than {_OLDEST_WINE}", evidence=evidence, fix=fix
        )
    return ok(f"Wine {match[1]}.{match[2]}", evidence=evidence)


@check(
    title="Zig runs",
    why="zig c++ is a C++ compiler for Windows on any system; its wrapper breaks when the Python "
    "it was installed into is removed.",
    source="ziglang on the package index",
    waits=True,
)
def zig(system: System) -> Outcome:
    path = system.find("zig")
    if path is None:
        return skip("not installed: only CXX='zig c++' needs it")
    version, line = system.version_of(path, "version")
    if version is None:
        return warn(
            "Zig does not run",
            evidence=(line,),
            fix=pip(system, "install", "--force-reinstall", "ziglang"),
        )
    return ok(f"Zig {dotted(version)}", evidence=(path,))


#: The local version of a TVM without its compiler (mlcbuild wheel --chat-only, --target win_amd64).
_CHAT_ONLY: Final = "+mlcbuild."


@check(
    title="Compiled models can be linked",
    why="Our wheel links models with lld-link from ziglang. Without it, compiling a model "
    "ends with clang -shared. TVM passes --target=x86_64, for which clang uses gcc as its linker "
    "(seen with clang -###); TVM_WIN_TARGET must name the whole triple, and clang then needs "
    "MSVC's libraries. On Linux any C++ compiler works.",
    source="TVM v0.26, python/tvm/support/cc.py; mlc-ai/mlc-llm#3177, #2899",
    waits=True,
    limit_s=90,  # as long as vswhere may take
    platforms=("win32", "linux"),
)
def jit_compiler(system: System) -> Outcome:
    compiles = [d for d in family(system) if provides(d.name) in ("tvm", "mlc_llm")]
    if not compiles:
        return skip("neither TVM nor MLC-LLM is installed in this Python")
    if chat_only := [d for d in compiles if _CHAT_ONLY in d.version]:
        return ok(
            "a chat-only install: it runs models but cannot compile them"
            + ("" if system.windows else '; pip install "mlc-llm[compile]" adds the compiler'),
            evidence=[f"{d.name} {d.version}" for d in chat_only],
        )
    if not system.windows:
        return _on_linux(system, [f"{d.name} {d.version}" for d in compiles])
    platform = by_tag(system.python.platform)
    if platform is None:
        return skip("no known target triple for this Python")
    if not system.variable("TVM_WIN_CC") and _links_itself(system):
        return _own_link_step(system)
    program = system.variable("TVM_WIN_CC") or "clang"
    path = program if system.is_file(program) else system.find(program)
    if path is None:
        return warn(
            f"{program} is not on PATH: TVM links the models that it compiles with it",
            evidence=[f"{d.name} {d.version}" for d in compiles],
            fix=_install_clang(system),
        )
    if "clang" not in system.path.basename(path).lower():
        return ok(f"TVM_WIN_CC={program}", evidence=(path,))
    target = system.variable("TVM_WIN_TARGET") or "x86_64"
    evidence = [path, f"TVM_WIN_TARGET: {target}"]
    if not re.search(r"-windows-(msvc|gnu)|-w64-mingw32", target):
        return warn(
            f"TVM calls clang with --target={target}, which links through gcc and fails "
            '("unable to execute command: program not executable")',
            evidence=evidence,
            fix=set_variables(system, TVM_WIN_TARGET=platform.triple),
        )
    if target.endswith("msvc") and not (system.variable("VCINSTALLDIR") or readable(system)):
        return warn(
            "clang finds no linker: neither Visual Studio nor lld-link is installed",
            evidence=evidence,
            fix=command(system, python(system), "-m", "mlcbuild", "doctor", "--only", "msvc"),
        )
    return ok(f"models are linked by clang for {target}", evidence=evidence)


def _install_clang(system: System) -> str:
    """Return the command that puts clang on PATH, which LLVM's installer does not do."""
    folders = [system.join(system.variable("ProgramFiles") or r"C:\Program Files", "LLVM", "bin")]
    visual_studios = readable(system)
    folders += [system.join(s.path, "VC", "Tools", "Llvm", "x64", "bin") for s in visual_studios]
    there = (place for place in folders if system.is_file(system.join(place, "clang.exe")))
    found = next(there, "")
    return prepend_path(system, found) if found else install(system, "clang")


def _links_itself(system: System) -> bool:
    """Return whether the installed mlc_llm has this project's link step for Windows."""
    places = (d.place for d in family(system) if provides(d.name) == "mlc_llm")
    own = ("mlc_llm", "_linker", "windows.py")
    return any(system.is_file(system.join(place, *own)) for place in places)


def _own_link_step(system: System) -> Outcome:
    """Judge the linkers of that step, in its order: ziglang, lld-link, clang (docs/model.md)."""
    zig = next((d for d in distributions(system) if d.name == "ziglang"), None)
    if zig is not None:
        return ok("models are linked by ziglang's lld-link", evidence=(f"ziglang {zig.version}",))
    if path := system.find("lld-link"):
        return ok(f"models are linked by {path}")
    return warn(
        "compiled models cannot be linked: neither ziglang nor lld-link is installed",
        fix=pip(system, "install", "ziglang"),
    )


def _on_linux(system: System, evidence: list[str]) -> Outcome:
    """TVM uses CXX, then the first compiler it finds (tvm/support/cc.py)."""
    named = (system.variable("CXX") or system.variable("CC") or "").split()
    names = named[:1] or ["g++", "gcc", "clang++", "clang", "c++", "cc"]
    found = next((path for name in names if (path := system.find(name))), None)
    if found is not None:
        return ok(f"models are linked by {found}", evidence=evidence)
    return warn(
        f"{names[0]} is not on PATH: TVM links the models that it compiles with it",
        evidence=evidence,
        fix=install(system, "c++"),
    )
