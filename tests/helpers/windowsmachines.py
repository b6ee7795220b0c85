"""Recorded Windows machines: what vswhere, CMake and the environment say on each.

The shapes are those of vswhere 3 (``-include packages``) and of ``cmake -E capabilities``; the
versions are of real releases.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlcbuild.toolchain.probe import read_machine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlcbuild.toolchain import Machine

__all__ = [
    "ALL_COMPONENTS",
    "X64_COMPONENTS",
    "capabilities",
    "machine",
    "visual_studio",
    "vswhere",
]

COMPONENT = "Microsoft.VisualStudio.Component."
X64_COMPONENTS = (f"{COMPONENT}VC.Tools.x86.x64", f"{COMPONENT}Windows11SDK.26100")
ALL_COMPONENTS = (
    *X64_COMPONENTS,
    f"{COMPONENT}VC.Tools.ARM64",
    f"{COMPONENT}VC.Llvm.Clang",
    f"{COMPONENT}VC.Llvm.ClangToolset",
)
#: Year -> installationVersion of a real release.
VERSIONS = {
    2017: "15.9.28307.1500",
    2019: "16.11.36631.11",
    2022: "17.14.36301.6",
    2026: "18.0.11205.157",
}


def visual_studio(
    year: int = 2022,
    product: str = "Community",
    *,
    version: str = "",
    components: Sequence[str] | None = X64_COMPONENTS,
    preview: bool = False,
    complete: bool = True,
    folder: str = "",
) -> dict[str, Any]:
    """Return one entry of vswhere's list. ``components`` None: asked without packages."""
    version = version or VERSIONS[year]
    root = "Program Files" if year >= 2022 else "Program Files (x86)"
    place = "18" if year == 2026 else str(year)
    name = folder or ("Preview" if preview else product)
    entry: dict[str, Any] = {
        "instanceId": f"{year}{product}"[:8].lower(),
        "installDate": "2026-06-03T08:11:43Z",
        "installationName": f"VisualStudio{'Preview' if preview else ''}/{version}",
        "installationPath": f"C:\\{root}\\Microsoft Visual Studio\\{place}\\{name}",
        "installationVersion": version,
        "productId": f"Microsoft.VisualStudio.Product.{product}",
        "state": 4294967295 if complete else 1,
        "isComplete": complete,
        "isLaunchable": True,
        "isPrerelease": preview,
        "isRebootRequired": False,
        "displayName": f"Visual Studio {product} {year}",
        "channelId": f"VisualStudio.{version.split('.')[0]}.{'Preview' if preview else 'Release'}",
    }
    if components is not None:
        entry["packages"] = [
            {"id": component, "version": version, "type": "Component"} for component in components
        ]
    return entry


def vswhere(*visual_studios: Mapping[str, Any]) -> bytes:
    """Return vswhere's answer with ``-utf8``."""
    return json.dumps(list(visual_studios), indent=2, ensure_ascii=False).encode()


def capabilities(version: str = "4.2.1") -> bytes:
    """Return what ``cmake -E capabilities`` says on Windows."""
    major, minor, patch = (int(part) for part in version.split("."))
    since = {
        "Visual Studio 15 2017": (3, 8),
        "Visual Studio 16 2019": (3, 14),
        "Visual Studio 17 2022": (3, 21),
        "Visual Studio 18 2026": (4, 2),
        "Ninja": (3, 0),
        "Ninja Multi-Config": (3, 17),
        "NMake Makefiles": (3, 0),
        "MinGW Makefiles": (3, 0),
    }
    table = {
        "generators": [
            {
                "extraGenerators": [],
                "name": name,
                "platformSupport": "Studio" in name,
                "toolsetSupport": "Studio" in name,
            }
            for name, first in since.items()
            if (major, minor) >= first
        ],
        "serverMode": False,
        "version": {
            "isDirty": False,
            "major": major,
            "minor": minor,
            "patch": patch,
            "string": version,
            "suffix": "",
        },
    }
    return json.dumps(table).encode()


def machine(
    *visual_studios: Mapping[str, Any],
    cmake: str = "4.2.1",
    env: Mapping[str, str] | None = None,
    tag: str = "win-amd64",
    has_vswhere: bool = True,
) -> Machine:
    """Return a Windows machine as the probe reads it; ``cmake`` empty: none is there."""

    def ask(command: list[str]) -> bytes | None:
        if command[0].endswith("vswhere.exe"):
            return vswhere(*visual_studios) if has_vswhere else None
        if not cmake:
            return None
        return capabilities(cmake) if "capabilities" in command else b""

    env = {"PROCESSOR_ARCHITECTURE": "AMD64", **(env or {})}
    return read_machine(env, platform="win32", tag=tag, ask=ask)
