"""``vc-redist``: the Visual C++ redistributable is new enough for the installed packages."""

from __future__ import annotations

from functools import partial
from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, warn
from mlcbuild.doctor.runtimes import Needing, install_redist, needing, system_folder
from mlcbuild.doctor.versions import dotted, find_version
from mlcbuild.msvc import RUNTIMES, VCRUNTIME_1
from mlcbuild.platforms import WINDOWS_AMD64, by_tag
from mlcbuild.rules.cpp_runtime import mutex_use
from mlcbuild.rules.toolsets import TOLERATES_CONSTEXPR_MUTEX, needed_redist

__all__ = ["CHECK"]

_KEY: Final = r"HKLM\SOFTWARE\{}Microsoft\VisualStudio\14.0\VC\Runtimes\{}"


def _run(system: System) -> Outcome:
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
    version = image.version.file_version if image.version else None
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
        values = system.registry(_KEY.format(view, kind)) or {}
        version = find_version(str(values.get("Version", "")).lstrip("v"))
        if version is not None and values.get("Installed") == 1:
            return version
    return None


def _crashing(users: tuple[Needing, ...], version: tuple[int, ...]) -> Needing | None:
    """Return an image that crashes with the machine's msvcp140 (rule mutex-abi)."""
    if version[:2] >= TOLERATES_CONSTEXPR_MUTEX:
        return None
    return next((each for each in users if mutex_use(each.image) == "certain"), None)


CHECK = Check(
    title="The Visual C++ redistributable is new enough",
    why="MSVC's C++ runtime is not part of Windows, and Python only includes vcruntime140. It must "
    "be at least as new as the toolset of every DLL that uses it; a std::mutex of toolset 14.40 or "
    "newer crashes on one before 14.38. The file counts, not the registry.",
    source="Microsoft, Latest supported Visual C++ Redistributable; microsoft/STL#4730; "
    "mlc-ai/mlc-llm#2870",
    run=_run,
    platforms=("win32",),
)
