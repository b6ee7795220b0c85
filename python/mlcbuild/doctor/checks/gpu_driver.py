"""``gpu-driver``: the GPU has its vendor's driver."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.gpus import adapters
from mlcbuild.doctor.winfacts import edition, virtual_machine

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    found = [each for each in adapters(system) if not each.virtual]
    evidence = [f"{each.name}: {each.provider} {each.version}".strip() for each in found]
    if not found:
        return skip("no display adapter of a graphics card is registered")
    real = [each for each in found if not each.plain]
    if real:
        return ok(f"{real[0].name} {real[0].version}".strip(), evidence=evidence)
    machine = virtual_machine(system)
    if machine or edition(system).server or system.variable("CI"):
        return skip(f"no graphics card ({machine or 'a server'}): {found[0].name}")
    return warn(
        f"{found[0].name} is Windows' generic driver: no Vulkan, CUDA or OpenCL until the vendor's "
        "driver is installed",
        evidence=evidence,
        fix="start ms-settings:windowsupdate-optionalupdates",
    )


CHECK = Check(
    title="The GPU has its vendor's driver",
    why="Vulkan, CUDA and OpenCL come with the GPU vendor's driver. Windows runs a screen "
    "without it, but then no GPU is found. Adapters of virtual machines, remote sessions and "
    "virtual screens do not need one.",
    source="Microsoft, System-defined device setup classes; mlc-ai/mlc-llm#1323",
    run=_run,
    platforms=("win32",),
)
