"""``windows-sdk``: the Windows SDK: headers and libraries of Windows."""

from __future__ import annotations

from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, ok, skip
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.purpose import absent
from mlcbuild.doctor.toolchains import usable, visual_studio_setup
from mlcbuild.errors import InputError
from mlcbuild.platforms import by_tag

__all__ = ["CHECK"]

_ROOTS: Final = (
    r"HKLM\SOFTWARE\WOW6432Node\Microsoft\Windows Kits\Installed Roots",
    r"HKLM\SOFTWARE\Microsoft\Windows Kits\Installed Roots",
)
_COMPONENT: Final = "Microsoft.VisualStudio.Component.Windows11SDK.26100"


def _run(system: System) -> Outcome:
    platform = by_tag(system.python.platform)
    if platform is None:
        return skip("this Python is MinGW's: its headers are used")
    root = next(
        (
            str(v["KitsRoot10"])
            for key in _ROOTS
            if (v := system.registry(key)) and "KitsRoot10" in v
        ),
        "",
    )
    if not root:
        return absent(system, "no Windows SDK is installed: windows.h is missing", fix=_fix(system))
    whole, broken = [], []
    for version in system.names(system.join(root, "Include")) or ():
        header = system.join(root, "Include", version, "um", "windows.h")
        library = system.join(root, "Lib", version, "um", platform.folder, "kernel32.lib")
        if not version.startswith("10."):
            continue
        missing = [path for path in (header, library) if not system.is_file(path)]
        if missing:
            broken.append(f"{version}: {missing[0]} is missing")
        else:
            whole.append(version)
    if whole:
        newest = max(whole, key=lambda v: [int(part) for part in v.split(".") if part.isdecimal()])
        return ok(f"Windows SDK {newest}", evidence=[f"{root} {version}" for version in whole])
    return absent(
        system,
        f"no complete Windows SDK for {platform.folder}",
        evidence=tuple(broken) or (f"{root} is empty",),
        fix=_fix(system),
    )


def _fix(system: System) -> str:
    """Return the command that adds the SDK: with the installed Visual Studio's installer."""
    try:
        found = usable(system)[0]
    except InputError:
        found = ()
    if found:
        return visual_studio_setup(system, "modify", found[0], "--add", _COMPONENT)
    return install(system, "windows-sdk")


CHECK = Check(
    title="A Windows SDK is installed",
    why="The compilers do not include windows.h and kernel32.lib. A removed SDK leaves its "
    "folder and registry entry, and CMake's compiler test then fails.",
    source="Microsoft, Windows SDK; tauri's separate query for tools and SDK",
    run=_run,
    waits=True,
    limit_s=90,  # as long as vswhere may take
    platforms=("win32",),
)
