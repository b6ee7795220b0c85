"""DLLs that come with a driver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mlcbuild.devices import CUDA
from mlcbuild.loader.policy import provider_of
from mlcbuild.rules.finding import Finding, Subject, rule
from mlcbuild.rules.names import original_name

#: User-mode halves of NVIDIA's kernel driver: a copy of another version than the driver fails.
_TIED_TO_DRIVER: Final = frozenset(
    f"{name}.dll"
    for name in (
        CUDA.driver_stem,
        "nvml",
        "nvapi",
        "nvapi64",
        "nvcuvid",
        "nvencodeapi",
        "nvencodeapi64",
    )
)


@rule(
    severity="error if the DLL must match the installed driver; warning for loaders",
    title="A driver's DLL is bundled",
    why=(
        "nvcuda, nvml and similar DLLs must match the kernel driver of the machine they run "
        "on; a copy from the build machine fails elsewhere. vulkan-1 and OpenCL are loaders "
        "that find the installed drivers; an old bundled copy hides features of the machine's"
        " own. Repair tools bundle them if the build machine has them."
    ),
    source="Khronos, Vulkan loader and driver interface; NVIDIA, CUDA compatibility",
    fix="Exclude it from the package (delvewheel repair --exclude NAME).",
)
def driver_dll_bundled(subject: Subject) -> Iterator[Finding]:
    if subject.kind == "image":
        return
    for path in subject.images:
        name = original_name(path)
        provider = provider_of(name)
        if provider is None or provider.kind != "driver":
            continue
        tied = name in _TIED_TO_DRIVER
        effect = "fails with any other driver version" if tied else "hides the machine's own copy"
        yield Finding(
            severity="error" if tied else "warning",
            module=path,
            message=f"{name} is bundled, but comes with {provider.provided_by}: the copy {effect}",
            evidence={"dll": name, "provided_by": provider.provided_by},
            fix=f"leave it out (delvewheel repair --exclude {name})",
        )


@rule(
    severity="warning; note if it is delay-loaded",
    title="A module needs a DLL that only a driver provides",
    why=(
        "vulkan-1, nvcuda, OpenCL and similar DLLs belong to the graphics driver. A module "
        "that imports one loads only on machines with that driver, and elsewhere cannot "
        "report anything better than WinError 126."
    ),
    source="Khronos, Vulkan loader and driver interface; NVIDIA, CUDA driver API",
    fix="Load it at run time or delay-load it, and document the driver.",
)
def driver_dll_needed(subject: Subject) -> Iterator[Finding]:
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
