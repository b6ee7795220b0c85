"""``app-control``: Windows does not block what was just built or installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.check import Check, Outcome, System, ok, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CHECK"]

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


def _run(system: System) -> Outcome:
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


CHECK = Check(
    title="Windows does not block new DLLs",
    why="On new installations of Windows 11 Smart App Control refuses rare unsigned images: "
    "an import fails with WinError 4551 or 5 although the file is good. Companies do the "
    "same with AppLocker (its DLL rules), App Control, Software Restriction Policies or "
    "Defender's rules.",
    source="Microsoft, Smart App Control; App Control for Business; AppLocker settings (SrpV2); "
    "Attack surface reduction rules reference",
    run=_run,
    platforms=("win32",),
)
