"""``link-exe``: no other ``link.exe`` before MSVC's."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, warn
from mlcbuild.doctor.shell import command, prepend_path, python
from mlcbuild.doctor.toolchains import usable
from mlcbuild.errors import InputError

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    found = system.find_all("link")
    evidence = [f"{path}: {_whose(system, path)}" for path in found]
    microsoft = [path for path in found if _is_msvc(system, path)]
    if not found or _is_msvc(system, found[0]):
        return ok("link.exe: " + ("MSVC's" if found else "none on PATH"), evidence=evidence)
    if microsoft:
        return fail(
            f"{_whose(system, found[0])}'s link.exe comes before MSVC's on PATH: "
            'linking fails with "extra operand"',
            evidence=evidence,
            fix=prepend_path(system, system.path.dirname(microsoft[0])),
        )
    if system.variable("VCINSTALLDIR"):
        return fail(
            f"the only link.exe on PATH is {_whose(system, found[0])}'s, in a developer prompt",
            evidence=evidence,
            fix="open an ordinary terminal: the build sets MSVC's environment itself",
        )
    if not _has_msvc(system):
        return warn(
            f"the only link.exe is {_whose(system, found[0])}'s: Rust would link with it",
            evidence=evidence,
            fix=command(system, python(system), "-m", "mlcbuild", "doctor", "--only", "msvc"),
        )
    return ok(
        f"link.exe on PATH is {_whose(system, found[0])}'s, the build puts MSVC's before it",
        evidence=evidence,
    )


def _is_msvc(system: System, path: str) -> bool:
    return system.is_file(system.join(system.path.dirname(path), "cl.exe"))


def _whose(system: System, path: str) -> str:
    """Name the owner, judged by the folder."""
    lower = path.lower()
    if _is_msvc(system, path):
        return "MSVC"
    if "\\git\\" in lower:
        return "Git"
    if "msys" in lower:
        return "MSYS2"
    if "cygwin" in lower:
        return "Cygwin"
    if "\\library\\usr\\bin" in lower or "conda" in lower:
        return "conda"
    return "another program"


def _has_msvc(system: System) -> bool:
    try:
        return bool(usable(system)[0])
    except InputError:
        return False


CHECK = Check(
    title="MSVC's linker is found first",
    why="conda (Library\\usr\\bin), Git (usr\\bin) and MSYS2 have a GNU program of the same name, "
    "which creates links. Found first, it breaks Cargo and Ninja builds with "
    '"link: extra operand". Change the order of PATH; deleting it would break its owner.',
    source="ilammy/msvc-dev-cmd README; mlc-ai/package build_win.bat",
    run=_run,
    waits=True,
    limit_s=90,  # as long as vswhere may take
    platforms=("win32",),
)
