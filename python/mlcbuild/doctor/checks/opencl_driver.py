"""``opencl-driver``: OpenCL's loader, and its registered vendor drivers."""

from __future__ import annotations

from typing import Final

from mlcbuild.devices import OPENCL
from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.gpus import library

__all__ = ["CHECK"]

_KEY: Final = r"HKLM\SOFTWARE\Khronos\OpenCL\Vendors"
_FOLDER: Final = "/etc/OpenCL/vendors"


def _run(system: System) -> Outcome:
    loader = library(system, OPENCL.windows_driver, OPENCL.linux_driver)
    vendors = _vendors(system)
    if not loader:
        return skip("no OpenCL on this machine")
    evidence = [f"loader: {loader}"]
    evidence += [f"{name}: {path or 'missing'}" for name, path in vendors.items()]
    gone = [name for name, path in vendors.items() if not path]
    if gone and len(gone) == len(vendors):
        return warn(
            f"OpenCL finds no platform: {system.path.basename(gone[0])} is registered but missing",
            evidence=evidence,
            fix="reinstall the graphics driver from its vendor (clean installation)",
        )
    return ok(f"OpenCL with {len(vendors) - len(gone)} vendors", evidence=evidence)


def _vendors(system: System) -> dict[str, str]:
    """Return registered vendors' libraries: name as registered -> path, empty where missing."""
    if system.windows:
        values = system.registry(_KEY) or {}
        names = [name for name, disabled in values.items() if disabled == 0]
    else:
        files = [n for n in system.names(_FOLDER) or () if n.endswith(".icd")]
        texts = (system.text(system.join(_FOLDER, name)) or "" for name in files)
        names = [text.strip() for text in texts if text.strip()]
    return {name: name if system.is_file(name) else library(system, name, name) for name in names}


CHECK = Check(
    title="OpenCL's vendor drivers are complete",
    why="OpenCL.dll lists the drivers that vendors register; where their files are missing, "
    "it reports CL_PLATFORM_NOT_FOUND_KHR.",
    source="Khronos, OpenCL ICD loader",
    run=_run,
    waits=True,
    platforms=("win32", "linux"),
)
