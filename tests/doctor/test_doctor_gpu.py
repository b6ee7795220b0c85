"""Machines whose graphics drivers are missing, broken or old."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakemachine import DISPLAY, SYSTEM32, FakeSystem, install, linux, set_gpu, windows
from mlcbuild.doctor.runner import examine

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlcbuild.doctor.check import Result

STORE = rf"{SYSTEM32}\DriverStore\FileRepository\gpu"
LIBRARIES = "/usr/lib/x86_64-linux-gnu"


def problems(machine: FakeSystem) -> dict[str, Result]:
    results = examine(machine, only=("gpu",)).results
    return {result.id: result for result in results if result.problem}


def cached(pc: FakeSystem, *names: str) -> FakeSystem:
    """Put libraries into the dynamic linker's cache."""
    lines = [f"\t{name} (libc6,x86-64) => {LIBRARIES}/{name}" for name in names]
    for name in names:
        pc.put(f"{LIBRARIES}/{name}", b"\x7fELF")
    pc.program("/sbin/ldconfig", {"-p": "3 libs found in cache\n" + "\n".join(lines)})
    return pc


def mesa(pc: FakeSystem) -> FakeSystem:
    """Install Vulkan's loader and a software driver."""
    cached(pc, "libvulkan.so.1")
    pc.put(f"{LIBRARIES}/libvulkan_lvp.so", b"\x7fELF")
    path = f'"library_path": "{LIBRARIES}/libvulkan_lvp.so"'
    text = f'{{"ICD": {{{path}, "api_version": "1.3.230"}}}}'
    return pc.put("/usr/share/vulkan/icd.d/lvp_icd.json", text)


def without_gpu() -> FakeSystem:
    pc = windows()
    del pc.registry_values[rf"{DISPLAY}\0000"]
    pc.remove(rf"{SYSTEM32}\vulkan-1.dll").remove(rf"{SYSTEM32}\OpenCL.dll")
    return pc


def with_nvidia(smi: str = "580.65.06\n") -> FakeSystem:
    pc = windows()
    set_gpu(pc, "NVIDIA GeForce RTX 4070", "NVIDIA")
    pc.put(rf"{SYSTEM32}\nvcuda.dll", b"MZ")
    query = "--query-gpu=driver_version --format=csv,noheader"
    return pc.program(rf"{SYSTEM32}\nvidia-smi.exe", {query: smi})


def with_pocl_under_its_full_name() -> FakeSystem:
    pc = cached(linux(), "libOpenCL.so.1")
    pc.put(f"{LIBRARIES}/libpocl.so.2.10.0", b"\x7fELF")
    return pc.put("/etc/OpenCL/vendors/pocl.icd", "libpocl.so.2.10.0\n")


def with_one_stale_manifest_of_two() -> FakeSystem:
    pc = windows()
    pc.registry_values[r"HKLM\SOFTWARE\Khronos\Vulkan\Drivers"] = {r"C:\gone\old.json": 0}
    return pc


@pytest.mark.parametrize(
    "make",
    [
        windows,
        linux,
        lambda: mesa(linux()),
        without_gpu,
        with_nvidia,
        with_pocl_under_its_full_name,
        with_one_stale_manifest_of_two,
    ],
)
def test_machines_that_are_fine_are_silent(make: Callable[[], FakeSystem]) -> None:
    assert problems(make()) == {}


def test_windows_own_display_driver_is_told() -> None:
    pc = without_gpu()
    pc.registry_values[rf"{DISPLAY}\0000"] = {
        "DriverDesc": "Microsoft Basic Display Adapter",
        "ProviderName": "Microsoft",
        "DriverVersion": "10.0.26100.1",
    }
    (found,) = problems(pc).values()
    assert found.id == "gpu-driver"
    assert "windowsupdate" in found.fix


def test_a_driver_without_vulkans_loader_is_told() -> None:
    pc = windows().remove(rf"{SYSTEM32}\vulkan-1.dll")
    (found,) = problems(pc).values()
    assert found.id == "vulkan-driver"
    assert found.fix == "winget install --exact --id KhronosGroup.VulkanRT"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda pc: pc.remove(rf"{STORE}\vk64.json"), "does not exist"),
        (lambda pc: pc.remove(rf"{STORE}\vk64.dll"), "names .\\vk64.dll"),
        (lambda pc: pc.put(rf"{STORE}\vk64.json", "not json"), "is not the manifest"),
    ],
)
def test_a_registered_vulkan_driver_that_is_broken_is_told(
    spoil: Callable[[FakeSystem], object], words: str
) -> None:
    pc = windows()
    spoil(pc)
    (found,) = problems(pc).values()
    assert found.id == "vulkan-driver"
    assert words in found.finding
    assert "reinstall the graphics driver" in found.fix


def test_a_gpu_whose_driver_registers_no_vulkan_is_told() -> None:
    pc = windows()
    del pc.registry_values[rf"{DISPLAY}\0000"]["VulkanDriverName"]
    assert "no driver is registered" in problems(pc)["vulkan-driver"].finding


@pytest.mark.parametrize("make", [windows, lambda: mesa(linux())])
def test_a_variable_that_names_a_vulkan_driver_that_is_gone_is_a_failure(
    make: Callable[[], FakeSystem],
) -> None:
    pc = make()
    pc.env["VK_DRIVER_FILES"] = pc.join(pc.home, "old.json")
    (found,) = problems(pc).values()
    assert found.status == "fail"
    assert "VK_DRIVER_FILES" in found.finding
    assert found.fix in ("set VK_DRIVER_FILES=", "unset VK_DRIVER_FILES")


def test_a_linux_driver_without_the_loader_is_told() -> None:
    pc = cached(mesa(linux()).remove(f"{LIBRARIES}/libvulkan.so.1"), "libc.so.6")
    assert problems(pc)["vulkan-driver"].fix == "sudo apt-get install -y libvulkan1"


def test_an_nvidia_gpu_without_its_library_is_told() -> None:
    pc = with_nvidia().remove(rf"{SYSTEM32}\nvcuda.dll")
    (found,) = problems(pc).values()
    assert found.id == "nvidia-driver"
    assert "nvcuda.dll" in found.finding


def test_an_nvidia_driver_too_old_for_cuda_13_is_told_where_tvm_is_installed() -> None:
    pc = with_nvidia("551.86\n")
    assert problems(pc) == {}
    install(pc, "apache-tvm", "0.26.0")
    install(pc, "nvidia-cuda-runtime", "13.0.96")
    assert "551.86 is older than 580" in problems(pc)["nvidia-driver"].finding


def linux_with_nvidia(*more: str) -> FakeSystem:
    pc = cached(linux(), "libcuda.so.1", *more)
    text = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27\n"
    pc.put("/proc/driver/nvidia/version", text)
    install(pc, "apache-tvm", "0.26.0")
    return pc


def test_on_linux_tvm_beside_a_gpu_needs_nvidias_library_of_its_major_version() -> None:
    pc = linux_with_nvidia()
    found = problems(pc)["cuda-runtime"]
    assert "libcudart.so.13 is not installed" in found.finding
    assert "pip install 'nvidia-cuda-runtime==13.*'" in found.fix
    install(pc, "nvidia-cuda-runtime-cu12", "12.9.79")
    assert "CUDA 12 is installed and does not fit" in problems(pc)["cuda-runtime"].finding
    install(pc, "nvidia-cuda-runtime", "13.5.37")
    assert "cuda-runtime" not in problems(pc)


def test_a_toolkit_of_that_version_does_as_well() -> None:
    results = {
        result.id: result
        for result in examine(linux_with_nvidia("libcudart.so.13"), only=("gpu",)).results
    }
    assert results["cuda-runtime"].status == "ok"


def test_on_windows_tvms_runtime_has_nvidias_library_inside() -> None:
    pc = with_nvidia()
    install(pc, "apache-tvm", "0.26.0")
    results = {result.id: result for result in examine(pc, only=("gpu",)).results}
    assert results["cuda-runtime"].status == "skip"


def test_a_linux_kernel_module_without_its_library_is_told() -> None:
    pc = cached(linux(), "libc.so.6")
    text = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27\n"
    pc.put("/proc/driver/nvidia/version", text)
    found = problems(pc)["nvidia-driver"]
    assert "libcuda.so.1" in found.finding
    assert "version: 580.65.06" in found.evidence


def test_an_opencl_vendor_that_is_gone_is_told() -> None:
    pc = windows().remove(rf"{STORE}\ocl64.dll")
    (found,) = problems(pc).values()
    assert found.id == "opencl-driver"
    assert "ocl64.dll" in found.finding


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: mesa(linux()), ("libvulkan_lvp.so, Vulkan 1.3.230", "python -m tvm_vulkan")),
        (windows, (": driver ", "python -m tvm_vulkan")),
    ],
)
def test_versions_of_drivers_and_where_to_see_the_limits_are_evidence(
    make: Callable[[], FakeSystem], words: tuple[str, ...]
) -> None:
    (result,) = examine(make(), only=("vulkan-driver",)).results
    assert all(word in "\n".join(result.evidence) for word in words), result.evidence
