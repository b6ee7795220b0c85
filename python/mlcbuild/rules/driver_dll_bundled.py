"""``driver-dll-bundled``: the package contains a DLL that belongs to a driver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.devices import CUDA
from mlcbuild.loader.policy import provider_of
from mlcbuild.rules.finding import Finding, Rule, Subject
from mlcbuild.rules.names import original_name

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RULE"]

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


def _judge(subject: Subject) -> Iterator[Finding]:
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


RULE = Rule(
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
    judge=_judge,
)
