"""The devices that a model runs on: what builds for each, and the libraries that belong to it.

The one home of these facts: ``tests/facts/test_one_home.py`` fails where they are written again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """One device. The driver's libraries are empty where it needs none."""

    name: str
    #: TVM's name of its code generator; empty where models are not compiled for it here.
    generator: str = ""
    #: ``mlcbuild verify --chat`` runs on it.
    chats: bool = False
    #: What the driver installs, on Windows and on Linux.
    windows_driver: str = ""
    linux_driver: str = ""
    #: The distribution of ours with the generator, where PyPI's TVM lacks it.
    plugin: str = ""

    @property
    def runtime(self) -> str:
        """The stem of TVM's library that runs on it."""
        return f"tvm_runtime_{self.name}"

    @property
    def driver_stem(self) -> str:
        """The driver's DLL as the loader compares names, without its ending."""
        return self.windows_driver.casefold().removesuffix(".dll")


CPU: Final = Device(name="cpu", generator="llvm", chats=True)
VULKAN: Final = Device(
    name="vulkan",
    generator="vulkan",
    chats=True,
    windows_driver="vulkan-1.dll",
    linux_driver="libvulkan.so.1",
    plugin="tvm-vulkan",
)
CUDA: Final = Device(
    name="cuda",
    generator="cuda",
    chats=True,
    windows_driver="nvcuda.dll",
    linux_driver="libcuda.so.1",
)
OPENCL: Final = Device(
    name="opencl",
    generator="opencl",
    windows_driver="OpenCL.dll",
    linux_driver="libOpenCL.so.1",
)
METAL: Final = Device(name="metal")

#: All that a wheel can be built for, by name.
DEVICES: Final = {each.name: each for each in (CPU, VULKAN, CUDA, OPENCL, METAL)}
#: Those that a model is compiled for, and the generators.
COMPILES: Final = tuple(each.name for each in DEVICES.values() if each.generator)
GENERATORS: Final = tuple(DEVICES[name].generator for name in COMPILES)
#: Those that a wheel is made to chat on.
CHATS: Final = tuple(each.name for each in DEVICES.values() if each.chats)
