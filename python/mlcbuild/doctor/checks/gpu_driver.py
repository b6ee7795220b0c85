"""``gpu-driver``: a maker's graphics driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.doctor.gpus import adapters
from mlcbuild.doctor.model import Check, Outcome, ok, skip, warn

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    found = adapters(system)
    if not found:
        return skip("no display adapter is registered")
    evidence = [f"{each.name}: {each.provider} {each.version}".strip() for each in found]
    if all(each.plain for each in found):
        return warn(
            f"{found[0].name} is Windows' own driver: no Vulkan, CUDA or OpenCL",
            evidence=evidence,
            fix="start ms-settings:windowsupdate-optionalupdates, or the maker's own installer",
        )
    best = next(each for each in found if not each.plain)
    return ok(f"{best.name} {best.version}".strip(), evidence=evidence)


CHECK = Check(
    id="gpu-driver",
    title="The GPU has its maker's driver",
    category="gpu",
    why="Vulkan, CUDA and OpenCL come with the driver of the GPU's maker. Windows runs a screen "
    "without it, and then no GPU is found.",
    source="Microsoft, System-defined device setup classes; mlc-ai/mlc-llm#1323",
    run=_run,
    platforms=("win32",),
)
