"""``driver-dll-needed``: the module needs a DLL that only a driver provides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.loader.policy import provider_of
from mlcbuild.rules.finding import Finding, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RULE"]


def _judge(subject: Subject) -> Iterator[Finding]:
    for path, image in subject.images.items():
        load = subject.loads.get(path)
        # A copy inside the package is the business of driver-dll-bundled.
        from_driver = {need.name for need in load.needs if need.origin == "driver"} if load else ()
        for dll in image.imports:
            provider = provider_of(dll.name)
            if provider is None or provider.kind != "driver" or dll.name not in from_driver:
                continue
            when = "at the first call" if dll.delayed else "with WinError 126"
            yield Finding(
                severity="note" if dll.delayed else "warning",
                module=path,
                message=(
                    f"needs {dll.name}, which comes with {provider.provided_by}; "
                    f"fails {when} on a machine without it"
                ),
                evidence={
                    "dll": dll.name,
                    "provided_by": provider.provided_by,
                    "delayed": dll.delayed,
                },
                fix="load it lazily, and say in the documentation which driver is needed",
            )


RULE = Rule(
    severity="warning; note if it is delay-loaded",
    title="A module needs a DLL that only a driver provides",
    why=(
        "vulkan-1, nvcuda, OpenCL and similar DLLs belong to the graphics driver. A module "
        "that imports one loads only on machines with that driver, and elsewhere cannot "
        "report anything better than WinError 126."
    ),
    source="Khronos, Vulkan loader and driver interface; NVIDIA, CUDA driver API",
    fix="Load it at run time or delay-load it, and document the driver.",
    judge=_judge,
)
