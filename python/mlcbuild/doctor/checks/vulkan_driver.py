"""``vulkan-driver``: Vulkan's loader, and its registered drivers."""

from __future__ import annotations

from typing import Final

from mlcbuild.devices import VULKAN
from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, skip, warn
from mlcbuild.doctor.gpus import adapters, icds, library
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.shell import unset

__all__ = ["CHECK"]

_RENEW: Final = "reinstall the graphics driver from its vendor (clean installation)"


def _run(system: System) -> Outcome:
    loader = library(system, VULKAN.windows_driver, VULKAN.linux_driver)
    drivers = icds(system)
    real = [each for each in adapters(system) if each.knows_vulkan] if system.windows else []
    evidence = [f"loader: {loader or 'none'}"]
    evidence += [f"{each.name}: driver {each.version or 'of unknown version'}" for each in real]
    evidence += [
        f"{each.manifest} ({each.named_by}): {each.problem or each.library}"
        + (f", Vulkan {each.api}" if each.api else "")
        for each in drivers
    ]
    broken = [each for each in drivers if each.problem]
    whole = [each for each in drivers if not each.problem]
    if broken and broken[0].named_by.startswith("VK_"):
        variable = broken[0].named_by
        return fail(
            f"{variable} hides all Vulkan drivers except one that {_seen(broken[0].problem)}",
            evidence=evidence,
            fix=unset(system, variable),
        )
    if not loader and not drivers and not real:
        return skip("no Vulkan on this machine")
    if not loader:
        return warn(
            "the Vulkan loader is missing although a GPU driver is installed",
            evidence=evidence,
            fix=install(system, "vulkan-loader"),
        )
    if broken and not whole:
        return warn(
            f"the registered Vulkan driver {system.path.basename(broken[0].manifest)} "
            f"{_seen(broken[0].problem)}",
            evidence=evidence,
            fix=_RENEW if system.windows else install(system, "mesa"),
        )
    if not drivers:
        if system.windows and not real:
            return skip("Vulkan's loader is installed, but no GPU with a Vulkan driver")
        if system.windows:
            return warn(
                "Vulkan's loader is installed but no driver is registered: no device is found",
                evidence=evidence,
                fix=_RENEW,
            )
        return skip("Vulkan's loader is installed without a driver")
    # The devices' limits need a process that loads the drivers: the plug-in's own command.
    evidence.append(
        "shared memory, 8 and 16 bits, subgroups: python -m tvm_vulkan (docs/vulkan.md)"
    )
    return ok(f"{len(whole)} Vulkan drivers", evidence=evidence)


def _seen(problem: str) -> str:
    return problem.partition(", ")[0]


CHECK = Check(
    title="Vulkan's loader and drivers are complete",
    why="vulkan-1.dll (libvulkan.so.1) comes with the graphics driver and finds drivers by their "
    "registered manifests. A registered driver that is missing, or a variable that names an "
    "old one, makes every Vulkan device disappear.",
    source="Khronos, Vulkan loader interface; mlc-ai/mlc-llm#1323",
    run=_run,
    waits=True,
    platforms=("win32", "linux"),
)
