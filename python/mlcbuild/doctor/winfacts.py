r"""The edition of Windows: its build, server or client, with a desktop, in a virtual machine.

Sources: Microsoft, InstallationType of ``Windows NT\CurrentVersion``; SMBIOS, system information,
which Windows keeps below ``HARDWARE\DESCRIPTION\System\BIOS``; Microsoft, Use WinGet (Windows 10
1809 or newer; part of Windows Server from 2025 on, and of no Server Core).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

WINDOWS_KEY: Final = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_BIOS: Final = r"HKLM\HARDWARE\DESCRIPTION\System\BIOS"
#: Windows Server 2025.
_SERVER_WITH_WINGET: Final = 26100
_VIRTUAL: Final = re.compile(
    r"virtual machine|vmware|virtualbox|innotek|qemu|kvm|xen|parallels|bochs|amazon ec2|"
    r"google compute|openstack|ovirt|nutanix|hvm domu",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Edition:
    """One edition of Windows. ``build`` is 0 where the registry does not have it."""

    name: str
    build: int
    server: bool
    #: Server Core and Nano Server: no desktop, no Settings, no Store.
    core: bool


def edition(system: System) -> Edition:
    """Read this Windows' edition from the registry."""
    values = system.registry(WINDOWS_KEY) or {}
    text = str(values.get("CurrentBuildNumber") or values.get("CurrentBuild") or "")
    name = str(values.get("ProductName", "Windows"))
    kind = str(values.get("InstallationType", ""))
    return Edition(
        name=name,
        build=int(text) if text.isdecimal() else 0,
        server="server" in f"{kind} {name}".lower(),
        core=kind in ("Server Core", "Nano Server"),
    )


def find_winget(system: System) -> str:
    """Return winget's path; empty where it is absent, or this Windows does not support it."""
    windows = edition(system)
    if windows.core or (windows.server and windows.build < _SERVER_WITH_WINGET):
        return ""
    local = system.variable("LOCALAPPDATA") or system.join(system.home, "AppData", "Local")
    alias = system.join(local, "Microsoft", "WindowsApps", "winget.exe")
    return system.find("winget") or (alias if system.is_file(alias) else "")


def virtual_machine(system: System) -> str:
    """Return the product name of the virtual machine this Windows runs in, or ``""``."""
    values = system.registry(_BIOS) or {}
    names = [str(values.get(n, "")) for n in ("SystemManufacturer", "SystemProductName")]
    text = " ".join(name for name in names if name)
    return text if _VIRTUAL.search(text) else ""
