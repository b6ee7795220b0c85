"""``jit-compiler``: TVM can link the models that it compiles on this machine."""

from __future__ import annotations

import contextlib
import re
from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.distributions import distributions, family, provides
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.packages import pip
from mlcbuild.doctor.shell import command, prepend_path, python, set_variables
from mlcbuild.doctor.toolchains import usable
from mlcbuild.errors import InputError
from mlcbuild.platforms import by_tag

__all__ = ["CHECK"]

#: The local version of a TVM without its compiler (mlcbuild wheel --chat-only, --target win_amd64).
_CHAT_ONLY: Final = "+mlcbuild."


def _run(system: System) -> Outcome:
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
    if target.endswith("msvc") and not _has_linker(system):
        return warn(
            "clang finds no linker: neither Visual Studio nor lld-link is installed",
            evidence=evidence,
            fix=command(system, python(system), "-m", "mlcbuild", "doctor", "--only", "msvc"),
        )
    return ok(f"models are linked by clang for {target}", evidence=evidence)


def _install_clang(system: System) -> str:
    """Return the command that puts clang on PATH, which LLVM's installer does not do."""
    folders = [system.join(system.variable("ProgramFiles") or r"C:\Program Files", "LLVM", "bin")]
    with contextlib.suppress(InputError):
        folders += [
            system.join(s.path, "VC", "Tools", "Llvm", "x64", "bin") for s in usable(system)[0]
        ]
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


def _has_linker(system: System) -> bool:
    if system.variable("VCINSTALLDIR"):
        return True
    try:
        return bool(usable(system)[0])
    except InputError:
        return False


CHECK = Check(
    title="Compiled models can be linked",
    why="Our wheel links models with lld-link from ziglang. Without it, compiling a model "
    "ends with clang -shared. TVM passes --target=x86_64, for which clang uses gcc as its linker "
    "(seen with clang -###); TVM_WIN_TARGET must name the whole triple, and clang then needs "
    "MSVC's libraries. On Linux any C++ compiler works.",
    source="TVM v0.26, python/tvm/support/cc.py; mlc-ai/mlc-llm#3177, #2899",
    run=_run,
    waits=True,
    limit_s=90,  # as long as vswhere may take
    platforms=("win32", "linux"),
)
