"""The C++ and OpenMP runtimes that a Python process can load."""

from __future__ import annotations

from functools import partial
from typing import Final

from mlcbuild.doctor.check import Outcome, System, check, fail, ok, skip, warn
from mlcbuild.doctor.packages import pip
from mlcbuild.doctor.runtimes import Copy, Needing, copies, install_redist, needing, system_folder
from mlcbuild.doctor.shell import command
from mlcbuild.msvc import MSVCP, RUNTIMES, VCRUNTIME_1
from mlcbuild.platforms import WINDOWS_AMD64, by_tag
from mlcbuild.rules.cpp_runtime import (
    CONSTEXPR_MUTEX,
    TOLERATES_CONSTEXPR_MUTEX,
    mutex_use,
    needed_redist,
)
from mlcbuild.rules.names import openmp_family, original_name
from mlcbuild.versions import dotted, find_version

_REDIST_KEY: Final = r"HKLM\SOFTWARE\{}Microsoft\VisualStudio\14.0\VC\Runtimes\{}"


@check(
    title="The Visual C++ redistributable is new enough",
    why="MSVC's C++ runtime is not part of Windows, and Python only includes vcruntime140. It must "
    "be at least as new as the toolset of every DLL that uses it; a std::mutex of toolset 14.40 or "
    "newer crashes on one before 14.38. The file counts, not the registry.",
    source="Microsoft, Latest supported Visual C++ Redistributable; microsoft/STL#4730; "
    "mlc-ai/mlc-llm#2870",
    platforms=("win32",),
)
def vc_redist(system: System) -> Outcome:
    folder = system_folder(system)
    path = system.join(folder, RUNTIMES[0])
    image = system.image(path)
    users = needing(system)
    registered = _registered(system)
    evidence = [f"registry: {dotted(registered) if registered else 'not registered'}"]
    fix = partial(install_redist, system)
    newest = max(users, key=lambda each: each.toolset or (0, 0), default=None)
    who = f"{system.path.basename(newest.path)} ({newest.owner})" if newest else ""
    own = "" if image else _beside_python(system)
    if own:
        return ok("Python has its own C++ runtime", evidence=(*evidence, own))
    if image is None:
        evidence.append(f"{path}: {'damaged' if system.is_file(path) else 'missing'}")
        say = "The Visual C++ redistributable is not installed"
        if newest is not None:
            return fail(f"{say}, and {who} needs it: WinError 126", evidence=evidence, fix=fix())
        return warn(f"{say}: wheels that do not bundle it fail", evidence=evidence, fix=fix())
    version = image.file_version
    evidence.append(f"{path}: {dotted(version) if version else 'version unknown'}")
    if version is not None and newest is not None and newest.toolset is not None:
        needed = needed_redist(newest.toolset)
        evidence.append(f"{who}: toolset {dotted(newest.toolset)}")
        crashing = _crashing(users, version)
        if crashing is not None:
            name = system.path.basename(crashing.path)
            return fail(
                f"msvcp140.dll {dotted(version[:2])} crashes {name}, which needs "
                f"{dotted(needed)}: WinError 1114",
                evidence=evidence,
                fix=fix(),
            )
        if version[:2] < needed:
            return warn(
                f"msvcp140.dll {dotted(version[:2])} is older than {dotted(needed)}, "
                f"which {who} was built with",
                evidence=evidence,
                fix=fix(),
            )
    missing = [n for n in RUNTIMES[1:] if not system.is_file(system.join(folder, n))]
    missing = [n for n in missing if n != VCRUNTIME_1 or system.python.bits != 32]  # noqa: PLR2004
    if missing:
        return warn(
            f"{missing[0]} is missing from {folder}: the redistributable is damaged",
            evidence=evidence,
            fix=install_redist(system, force=True),
        )
    if version is not None and registered is not None and version[:2] < registered[:2]:
        return warn(
            f"msvcp140.dll is {dotted(version[:2])} although {dotted(registered[:2])} is "
            "registered: an old copy has replaced it",
            evidence=evidence,
            fix=install_redist(system, force=True),
        )
    return ok(f"redistributable {dotted(version) if version else 'installed'}", evidence=evidence)


def _beside_python(system: System) -> str:
    """Return the msvcp140.dll next to python.exe, which wins (conda's vc14_runtime)."""
    path = system.join(system.python.base_prefix, RUNTIMES[0])
    return path if system.image(path) is not None else ""


def _registered(system: System) -> tuple[int, ...] | None:
    """Return the version that the redistributable's installer registered."""
    kind = (by_tag(system.python.platform) or WINDOWS_AMD64).folder
    for view in ("", "WOW6432Node\\"):
        values = system.registry(_REDIST_KEY.format(view, kind)) or {}
        version = find_version(str(values.get("Version", "")).lstrip("v"))
        if version is not None and values.get("Installed") == 1:
            return version
    return None


def _crashing(users: tuple[Needing, ...], version: tuple[int, ...]) -> Needing | None:
    """Return an image that crashes with the machine's msvcp140 (rule mutex-abi)."""
    if version[:2] >= TOLERATES_CONSTEXPR_MUTEX:
        return None
    return next((each for each in users if mutex_use(each.image) == "certain"), None)


@check(
    title="No old C++ runtime can win",
    why="Windows searches the folder of python.exe, then the folders that packages added, in no "
    "defined order, then System32; the first msvcp140.dll loaded serves "
    "the whole process. An old copy in one package breaks the others.",
    source="Microsoft, Dynamic-link library search order; pytorch/pytorch#166628; "
    "adang1345/delvewheel#54",
    platforms=("win32",),
)
def runtime_copies(system: System) -> Outcome:
    found = copies(system)
    cpp = [each for each in found if each.name == MSVCP]
    evidence = [str(each) for each in found]
    if not cpp:
        return skip("no msvcp140.dll is reachable")
    first = cpp[0]
    winners = [first] if first.place in ("python", "conda") else _rivals(cpp)
    old = [each for each in winners if each.version and each.version[:2] < CONSTEXPR_MUTEX]
    better = [each for each in cpp if each.version and each.version[:2] >= CONSTEXPR_MUTEX]
    order = f"can win: {', '.join(each.path for each in winners)}"
    if old and (better or old[0].place != "system"):
        bad = old[0]
        return warn(
            f"{bad.owner}'s msvcp140.dll {dotted((bad.version or ())[:2])} "
            f"{'wins' if winners == [bad] else 'can win'}: code built with 14.40 or newer then "
            "fails with WinError 1114",
            evidence=[*evidence, order],
            fix=_renew_copy(system, bad),
        )
    return ok(f"{len(cpp)} msvcp140.dll, none too old", evidence=[*evidence, order])


def _rivals(cpp: list[Copy]) -> list[Copy]:
    """Return copies in added folders, whose order is undefined, then System32's."""
    return [each for each in cpp if each.place == "package"] + [
        each for each in cpp if each.place == "system"
    ]


def _renew_copy(system: System, copy: Copy) -> str:
    if copy.place == "package":
        return pip(system, "install", "--upgrade", copy.owner)
    if system.is_folder(system.join(system.python.prefix, "conda-meta")):
        return command(system, "conda", "update", "vc14_runtime")
    return install_redist(system) if copy.place == "system" else f"reinstall Python: {copy.path}"


@check(
    title="OpenMP runtimes do not clash",
    why="Intel's and LLVM's OpenMP abort the process when a second one of another name starts.",
    source="Intel, OpenMP run-time error 15; ScrapeGraphAI/Scrapegraph-ai#214",
    platforms=("win32",),
)
def openmp_copies(system: System) -> Outcome:
    found = [each for each in copies(system) if openmp_family(each.path)]
    if not found:
        return skip("no OpenMP runtime is installed")
    evidence = [str(each) for each in found]
    # One name is one module in a process, whatever its source; two names are two runtimes.
    kmp = {original_name(each.path): each for each in found if openmp_family(each.path) == "kmp"}
    owners = {each.owner for each in kmp.values() if each.place != "system"}
    if len(kmp) > 1 and len(owners) > 1:
        one, other = sorted(kmp)[:2]
        packages = sorted(each.owner for each in kmp.values() if each.place == "package")
        return warn(
            f"{one} ({kmp[one].owner}) and {other} ({kmp[other].owner}) abort in one process: "
            "OMP: Error #15",
            evidence=evidence,
            fix=pip(system, "uninstall", *packages[-1:])
            + ", or use them in different environments",
        )
    return ok(f"{len(found)} OpenMP runtimes that do not clash", evidence=evidence)
