"""Graphics adapters, their drivers and registrations, read from the registry and files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

#: The class of display adapters (Microsoft, System-Defined Device Setup Classes).
_CLASS: Final = (
    r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"
)
#: The class of software components, where current drivers register (Khronos, Vulkan loader
#: interface, Driver discovery on Windows).
_COMPONENTS: Final = (
    r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{5c4c3332-344d-483c-8739-259e934c9cc8}"
)
#: Cards with a Vulkan driver: not Intel's before 2015, not the consoles of servers.
_WITH_VULKAN: Final = re.compile(
    r"nvidia|geforce|quadro|radeon|\bamd\b|adreno|qualcomm|\barc\b|\biris\b|\buhd\b", re.IGNORECASE
)
_KHRONOS: Final = r"HKLM\SOFTWARE\Khronos\Vulkan\Drivers"
#: Windows' generic driver, used while the vendor's driver is missing. Its name is localised, its
#: #: service and INF file are not (Microsoft, BasicDisplay).
_PLAIN: Final = ("basic display", "basicdisplay", "display.inf", "msbda")
#: Adapters without a graphics card: virtual machines, remote sessions and virtual screens.
_VIRTUAL: Final = re.compile(
    r"basic render|basicrender|remote display|rdpudd|rdpidd|terminal server|hyper-v|hyperv|"
    r"vmware|virtualbox|vboxvideo|\bqxl\b|virtio|red hat|parallels|citrix|xen(project|server)?\b|"
    r"indirect display|virtual display|displaylink|spacedesk|iddcx|idd device|aws (nitro|indirect)|"
    r"mirror driver|teamviewer|parsec|splashtop|usbmmidd",
    re.IGNORECASE,
)
_LINUX_ICDS: Final = (
    "/etc/vulkan/icd.d", "/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d",
    "/usr/local/etc/vulkan/icd.d",
)  # fmt: skip
_OVERRIDES: Final = ("VK_DRIVER_FILES", "VK_ICD_FILENAMES")


@dataclass(frozen=True, kw_only=True, slots=True)
class Adapter:
    """One adapter of the registry. ``icds`` are the Vulkan manifests its driver registers."""

    name: str
    provider: str
    version: str
    icds: tuple[str, ...]
    #: The INF file and its section that installed the driver; not localised.
    inf: str = ""

    @property
    def plain(self) -> bool:
        """Whether it runs on Windows' generic driver."""
        text = f"{self.name} {self.inf}".lower()
        return self.virtual or any(word in text for word in _PLAIN)

    @property
    def knows_vulkan(self) -> bool:
        """Whether the vendor's driver has Vulkan, judged by the card's name."""
        text = f"{self.name} {self.provider}"
        return not self.plain and _WITH_VULKAN.search(text) is not None

    @property
    def virtual(self) -> bool:
        """Whether it is an adapter without a graphics card."""
        return bool(_VIRTUAL.search(f"{self.name} {self.inf}"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Icd:
    """One registered Vulkan driver: its manifest, the library the manifest names, any problem."""

    manifest: str
    library: str
    problem: str = ""
    #: The environment variable or registry key that named it.
    named_by: str = ""
    #: The Vulkan version that its manifest declares.
    api: str = ""


def adapters(system: System) -> tuple[Adapter, ...]:
    """Return the display adapters of Windows."""
    found = []
    for key in system.registry_keys(_CLASS):
        values = system.registry(rf"{_CLASS}\{key}") or {}
        if "DriverDesc" in values:
            found.append(
                Adapter(
                    name=str(values["DriverDesc"]),
                    provider=str(values.get("ProviderName", "")),
                    version=str(values.get("DriverVersion", "")),
                    icds=_texts(values, "VulkanDriverName"),
                    inf=f"{values.get('InfPath', '')} {values.get('InfSection', '')}",
                )
            )
    return tuple(found)


def nvidia(system: System) -> bool:
    """Return whether the machine has an NVIDIA adapter."""
    if system.windows:
        return any("nvidia" in f"{a.name} {a.provider}".lower() for a in adapters(system))
    return system.entry("/proc/driver/nvidia/version") is not None or any(
        (system.text(f"/sys/class/drm/{card}/device/vendor") or "").strip() == "0x10de"
        for card in system.names("/sys/class/drm") or ()
    )


def library(system: System, windows: str, linux: str) -> str:
    """Return the path of a driver's library on this system, or ``""``."""
    if system.windows:
        root = system.variable("SystemRoot") or r"C:\Windows"
        places = [system.join(root, "System32"), system.join(system.python.prefix, r"Library\bin")]
        paths = (system.join(place, windows) for place in places)
        return next((path for path in paths if system.is_file(path)), "")
    usual = (f"/usr/lib/{system.machine}-linux-gnu", "/usr/lib64", "/usr/lib")
    for folder in usual:
        if system.is_file(system.join(folder, linux)):
            return system.join(folder, linux)
    known = dict(_ldconfig(system))
    if linux in known:
        return known[linux]
    # The cache lists a library only by its soname; dlopen finds other names in the same folders.
    folders = dict.fromkeys(system.path.dirname(path) for path in known.values())
    paths = (system.join(folder, linux) for folder in folders)
    return next((path for path in paths if system.is_file(path)), "")


def _ldconfig(system: System) -> Iterator[tuple[str, str]]:
    """Yield name and path of the libraries in the dynamic linker's cache for this machine."""
    for program in (system.find("ldconfig"), "/sbin/ldconfig", "/usr/sbin/ldconfig"):
        done = system.run(program, "-p") if program else None
        if done is None or not done.good:
            continue
        for line in reversed(done.out.splitlines()):  # the first entry of a name counts
            name, _, place = line.strip().partition(" ")
            # The cache also lists 32-bit x86 libraries, under the same names.
            if " => " in place and ("x86-64" in place or system.machine != "x86_64"):
                yield name, place.rpartition("=> ")[2]
        return


def icds(system: System) -> tuple[Icd, ...]:
    """Return the active Vulkan drivers: those the environment names, else all registered ones."""
    for variable in _OVERRIDES:
        if value := system.variable(variable):
            paths = [part for part in value.split(";" if system.windows else ":") if part]
            return tuple(_icd(system, path, variable) for path in paths)
    if system.windows:
        return tuple(_icd(system, path, where) for path, where in _registered(system))
    home = system.variable("XDG_DATA_HOME") or system.join(system.home, ".local/share")
    folders = (*_LINUX_ICDS, system.join(home, "vulkan/icd.d"))
    return tuple(
        _icd(system, system.join(folder, name), folder)
        for folder in folders
        for name in system.names(folder) or ()
        if name.endswith(".json")
    )


def _registered(system: System) -> Iterator[tuple[str, str]]:
    for adapter in adapters(system):
        for path in adapter.icds:
            yield path, adapter.name
    for key in system.registry_keys(_COMPONENTS):
        for path in _texts(system.registry(rf"{_COMPONENTS}\{key}") or {}, "VulkanDriverName"):
            yield path, "a software component"
    for path, disabled in (system.registry(_KHRONOS) or {}).items():
        if disabled == 0:
            yield path, _KHRONOS


def _icd(system: System, manifest: str, named_by: str) -> Icd:
    text = system.text(manifest)
    if text is None:
        return Icd(manifest=manifest, library="", problem="does not exist", named_by=named_by)
    try:
        icd = json.loads(text)["ICD"]
        named = str(icd["library_path"])
    except (ValueError, KeyError, TypeError):
        problem = "is not the manifest of a Vulkan driver"
        return Icd(manifest=manifest, library="", problem=problem, named_by=named_by)
    if not any(mark in named for mark in "/\\"):
        found = library(system, named, named)
    else:
        # Paths are relative to the manifest (Khronos, Vulkan loader interface).
        found = system.join(system.path.dirname(manifest), named)
    there = bool(found) and system.is_file(str(system.path.normpath(found)))
    problem = "" if there else f"names {named}, which does not exist"
    return Icd(
        manifest=manifest,
        library=found or named,
        problem=problem,
        named_by=named_by,
        api=str(icd.get("api_version", "")),
    )


def _texts(values: Mapping[str, object], name: str) -> tuple[str, ...]:
    """Return a value that is one string or several (REG_SZ, REG_MULTI_SZ)."""
    value = values.get(name, ())
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()
