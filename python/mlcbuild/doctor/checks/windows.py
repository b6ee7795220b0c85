"""Windows itself: its version, and policies that block new programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mlcbuild.doctor.check import Outcome, System, check, ok, skip, warn
from mlcbuild.doctor.winfacts import edition

#: Windows 10, which can update to a newer build; a server cannot.
_WINDOWS_10: Final = 10240
#: Windows 10 1809 and Server 2019: the oldest that Microsoft still supports (LTSC).
_OLDEST_BUILD: Final = 17763


@check(
    title="Windows is new enough",
    why="Python 3.12, Visual Studio 2022's runtime and GPU drivers are for Windows 10 and later.",
    source="Microsoft, Windows 10 release information",
    platforms=("win32",),
)
def windows_version(system: System) -> Outcome:
    windows = edition(system)
    if not windows.build:
        return skip("Windows' build number is not in the registry")
    evidence = (f"{windows.name}, build {windows.build}",)
    if windows.build < _OLDEST_BUILD:
        return warn(
            f"Windows build {windows.build} is older than {_OLDEST_BUILD} (Windows 10 1809): its "
            "loader and C runtime lack functions that newer libraries import",
            evidence=evidence,
            fix="start ms-settings:windowsupdate"
            if windows.build >= _WINDOWS_10 and not windows.server
            else "install a newer Windows: no update makes this one new enough",
        )
    return ok(f"Windows build {windows.build}", evidence=evidence)


_POLICY: Final = r"HKLM\SYSTEM\CurrentControlSet\Control\CI\Policy"
_SMART: Final = "VerifiedAndReputablePolicyState"
_S_MODE: Final = "SkuPolicyRequired"
_APPLOCKER: Final = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\SrpV2"
_GUARD: Final = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DeviceGuard"
_SAFER: Final = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\Safer\CodeIdentifiers"
_DEFENDER: Final = r"Microsoft\Windows Defender\Windows Defender Exploit Guard\ASR\Rules"
#: "Block executable files from running unless they meet a prevalence, age, or trusted list
#: criterion" (Microsoft, Attack surface reduction rules reference).
_PREVALENCE: Final = "01443614-cd74-433a-b99e-2ecdc07bfc25"
_ENFORCED: Final = 1


@check(
    title="Windows does not block new DLLs",
    why="On new installations of Windows 11 Smart App Control refuses rare unsigned images: "
    "an import fails with WinError 4551 or 5 although the file is good. Companies do the "
    "same with AppLocker (its DLL rules), App Control, Software Restriction Policies or "
    "Defender's rules.",
    source="Microsoft, Smart App Control; App Control for Business; AppLocker settings (SrpV2); "
    "Attack surface reduction rules reference",
    platforms=("win32",),
)
def app_control(system: System) -> Outcome:
    values = system.registry(_POLICY) or {}
    if values.get(_SMART) == _ENFORCED:
        return warn(
            "Smart App Control is on: Windows refuses unknown unsigned DLLs, "
            "such as freshly built ones (once off, it may not come on again)",
            evidence=(rf"{_POLICY}\{_SMART} is 1",),
            fix="start windowsdefender://appbrowser",
        )
    if values.get(_S_MODE) == _ENFORCED:
        return warn(
            "Windows is in S mode: it only starts programs from the Store",
            evidence=(rf"{_POLICY}\{_S_MODE} is 1",),
            fix="start ms-settings:activation",
        )
    found = list(_company(system))
    if not found:
        return ok("no policy blocks new programs")
    who, evidence = found[0]
    return warn(
        f"{who} set by this computer's administrator blocks unknown programs or DLLs: "
        "freshly built ones may not load (WinError 4551, 1260 or 5)",
        evidence=[line for _, line in found],
        fix=f"ask this computer's administrator to allow {system.folder} and "
        f"{system.python.prefix} ({evidence})",
    )


def _company(system: System) -> Iterator[tuple[str, str]]:
    """Yield each enforced policy and its registry value."""
    for kind in ("Dll", "Exe"):
        key = rf"{_APPLOCKER}\{kind}"
        mode = (system.registry(key) or {}).get("EnforcementMode")
        # Rules without a mode are enforced (Microsoft, AppLocker enforcement settings).
        if mode == _ENFORCED or (mode is None and system.registry_keys(key)):
            yield "AppLocker", rf"{key}\EnforcementMode is {'not set' if mode is None else mode}"
    if (system.registry(_GUARD) or {}).get("DeployConfigCIPolicy") == _ENFORCED:
        yield "App Control for Business", rf"{_GUARD}\DeployConfigCIPolicy is 1"
    if (system.registry(_SAFER) or {}).get("DefaultLevel") == 0:
        yield "Software Restriction Policies", rf"{_SAFER}\DefaultLevel is 0 (disallowed)"
    for root in (r"HKLM\SOFTWARE\Policies", r"HKLM\SOFTWARE"):
        key = rf"{root}\{_DEFENDER}"
        rules = {str(k).lower(): v for k, v in (system.registry(key) or {}).items()}
        if str(rules.get(_PREVALENCE, "")) == "1":
            yield "an attack surface reduction rule of Defender", rf"{key}\{_PREVALENCE} is 1"
