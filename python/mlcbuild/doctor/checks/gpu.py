"""Graphics drivers, and what CUDA, Vulkan and OpenCL need of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mlcbuild.devices import CUDA, OPENCL, VULKAN
from mlcbuild.doctor.check import Outcome, System, check, fail, ok, skip, warn
from mlcbuild.doctor.distributions import distributions, family, provides
from mlcbuild.doctor.gpus import adapters, icds, library, nvidia
from mlcbuild.doctor.installers import install
from mlcbuild.doctor.packages import pip
from mlcbuild.doctor.shell import unset
from mlcbuild.doctor.winfacts import edition, virtual_machine


@check(
    title="The GPU has its vendor's driver",
    why="Vulkan, CUDA and OpenCL come with the GPU vendor's driver. Windows runs a screen "
    "without it, but then no GPU is found. Adapters of virtual machines, remote sessions and "
    "virtual screens do not need one.",
    source="Microsoft, System-defined device setup classes; mlc-ai/mlc-llm#1323",
    platforms=("win32",),
)
def gpu_driver(system: System) -> Outcome:
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


#: First driver branch for CUDA 13, against which apache-tvm 0.26's tvm_runtime_cuda is built.
_CUDA_13: Final = 580


@check(
    title="The NVIDIA driver is complete and new enough",
    why="nvcuda.dll (libcuda.so.1) comes only with the driver. apache-tvm's CUDA runtime is built "
    "against CUDA 13, which needs a driver of branch 580 or newer.",
    source="NVIDIA, CUDA Toolkit release notes, table of driver versions; mlc-ai/package#24",
    waits=True,
    platforms=("win32", "linux"),
)
def nvidia_driver(system: System) -> Outcome:
    driver = library(system, CUDA.windows_driver, CUDA.linux_driver)
    if not nvidia(system) and not driver:
        return skip("no NVIDIA GPU")
    fix = install(system, "nvidia-driver")
    version = _driver_version(system)
    evidence = [f"driver library: {driver or 'none'}", f"version: {version or 'unknown'}"]
    if not driver:
        name = CUDA.windows_driver if system.windows else CUDA.linux_driver
        return warn(f"an NVIDIA GPU is present, but {name} is missing", evidence=evidence, fix=fix)
    if version and int(version.partition(".")[0]) < _CUDA_13 and family(system):
        return warn(
            f"NVIDIA driver {version} is older than {_CUDA_13}, which CUDA 13 needs: "
            "TVM's CUDA runtime does not load",
            evidence=evidence,
            fix=fix,
        )
    return ok(f"NVIDIA driver {version or 'of unknown version'}", evidence=evidence)


def _driver_version(system: System) -> str:
    """Return NVIDIA's version number, ``580.65.06``; empty where unknown."""
    text = system.text("/proc/driver/nvidia/version") if not system.windows else ""
    if match := re.search(r"Kernel Module\D*?(\d{3}\.[\d.]+)", text or ""):
        return match[1]
    said = system.ask("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader")
    match = re.match(r"\d{3}\.[\d.]+", said.strip())
    return match[0] if match else ""


#: CUDA's major version that apache-tvm 0.26's runtime is built with; its ABI is stable.
_CUDA_MAJOR: Final = 13
_CUDART_WHEELS: Final = re.compile(r"nvidia-cuda-runtime(-cu(?P<major>\d+))?")
_CUDART: Final = f"libcudart.so.{_CUDA_MAJOR}"


@check(
    title="TVM's CUDA runtime has NVIDIA's library",
    why=f"apache-tvm's tvm_runtime_cuda needs cudart of CUDA {_CUDA_MAJOR}, any {_CUDA_MAJOR}.x: "
    "a wheel of 3 MB provides it; TVM's wheel for Windows links it statically. The driver's "
    "version matters (nvidia-driver); a toolkit's does not.",
    source="the imports of tvm_runtime_cuda in apache-tvm 0.26.0; NVIDIA, CUDA compatibility guide",
    platforms=("linux",),
)
def cuda_runtime(system: System) -> Outcome:
    if not any(provides(each.name) == "tvm" for each in family(system)):
        return skip("no TVM is installed in this Python")
    if not nvidia(system) and not library(system, "", CUDA.linux_driver):
        return skip("no NVIDIA GPU")
    wheels = dict(_cudart_wheels(system))
    evidence = [f"wheel {wheel} {version}" for wheel, version in wheels.items()]
    evidence += [f"toolkit: {root} (not needed to run models)" for root in _cuda_toolkits(system)]
    majors = {version.partition(".")[0] for version in wheels.values()}
    if str(_CUDA_MAJOR) in majors:
        return ok(f"{_CUDART} comes with NVIDIA's wheel", evidence=evidence)
    if found := library(system, "", _CUDART):
        return ok(f"{_CUDART} comes with a toolkit", evidence=(*evidence, found))
    other = f"; CUDA {', '.join(sorted(majors))} is installed and does not fit" if majors else ""
    return warn(
        f"TVM's CUDA runtime does not load: {_CUDART} is not installed{other}",
        evidence=evidence,
        fix=pip(system, "install", f"nvidia-cuda-runtime=={_CUDA_MAJOR}.*"),
    )


def _cudart_wheels(system: System) -> Iterator[tuple[str, str]]:
    for each in distributions(system):
        if _CUDART_WHEELS.fullmatch(each.name):
            yield each.name, each.version


def _cuda_toolkits(system: System) -> list[str]:
    found = [system.variable(name) for name in ("CUDA_PATH", "CUDA_HOME")]
    return list(dict.fromkeys(root for root in found if root and system.is_folder(root)))


_RENEW: Final = "reinstall the graphics driver from its vendor (clean installation)"


@check(
    title="Vulkan's loader and drivers are complete",
    why="vulkan-1.dll (libvulkan.so.1) comes with the graphics driver and finds drivers by their "
    "registered manifests. A registered driver that is missing, or a variable that names an "
    "old one, makes every Vulkan device disappear.",
    source="Khronos, Vulkan loader interface; mlc-ai/mlc-llm#1323",
    waits=True,
    platforms=("win32", "linux"),
)
def vulkan_driver(system: System) -> Outcome:
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


@check(
    title="The Vulkan SDK is complete",
    why="CMake's FindVulkan trusts VULKAN_SDK. A moved or incomplete SDK leads to "
    "a failed configure or a build without Vulkan.",
    source="CMake, FindVulkan; LunarG, Vulkan SDK",
)
def vulkan_sdk(system: System) -> Outcome:
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


_OPENCL_KEY: Final = r"HKLM\SOFTWARE\Khronos\OpenCL\Vendors"
_OPENCL_FOLDER: Final = "/etc/OpenCL/vendors"


@check(
    title="OpenCL's vendor drivers are complete",
    why="OpenCL.dll lists the drivers that vendors register; where their files are missing, "
    "it reports CL_PLATFORM_NOT_FOUND_KHR.",
    source="Khronos, OpenCL ICD loader",
    waits=True,
    platforms=("win32", "linux"),
)
def opencl_driver(system: System) -> Outcome:
    loader = library(system, OPENCL.windows_driver, OPENCL.linux_driver)
    vendors = _opencl_vendors(system)
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


def _opencl_vendors(system: System) -> dict[str, str]:
    """Return registered vendors' libraries: name as registered -> path, empty where missing."""
    if system.windows:
        values = system.registry(_OPENCL_KEY) or {}
        names = [name for name, disabled in values.items() if disabled == 0]
    else:
        files = [n for n in system.names(_OPENCL_FOLDER) or () if n.endswith(".icd")]
        texts = (system.text(system.join(_OPENCL_FOLDER, name)) or "" for name in files)
        names = [text.strip() for text in texts if text.strip()]
    return {name: name if system.is_file(name) else library(system, name, name) for name in names}
