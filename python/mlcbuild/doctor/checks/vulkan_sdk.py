"""``vulkan-sdk``: the SDK that VULKAN_SDK names is complete."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.shell import unset

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    root = system.variable("VULKAN_SDK")
    if not root:
        return skip("VULKAN_SDK is not set, and mlcbuild's builds need no SDK")
    line = f"VULKAN_SDK={root}"
    if not system.is_folder(root):
        return warn(
            f"{line} names a missing SDK", evidence=(line,), fix=unset(system, "VULKAN_SDK")
        )
    wanted = (
        (r"Bin\glslc.exe", r"Lib\vulkan-1.lib", r"Include\vulkan\vulkan.h")
        if system.windows
        else ("bin/glslc", "include/vulkan/vulkan.h")
    )
    missing = [name for name in wanted if not system.is_file(system.join(root, name))]
    if missing:
        return warn(
            f"the Vulkan SDK lacks {missing[0]}",
            evidence=(line, *(f"{system.join(root, name)} is missing" for name in missing)),
            fix=install(system, "vulkan-sdk"),
        )
    return ok("Vulkan SDK", evidence=(line,))


CHECK = Check(
    title="The Vulkan SDK is complete",
    why="CMake's FindVulkan trusts VULKAN_SDK. A moved or incomplete SDK leads to "
    "a failed configure or a build without Vulkan.",
    source="CMake, FindVulkan; LunarG, Vulkan SDK",
    run=_run,
)
