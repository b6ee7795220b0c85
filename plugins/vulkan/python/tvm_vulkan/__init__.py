"""Vulkan for an unmodified apache-tvm: code generator and runtime, loaded at ``import tvm``.

TVM calls ``autoload`` through its entry-point group ``tvm.backends``; what it raises, TVM turns
into one warning. ``python -m tvm_vulkan`` tells what Vulkan is on this machine.
"""

from pathlib import Path
from typing import Final

from tvm_vulkan._plugin import Plugin, PluginError

__all__ = ["PLUGIN", "PluginError", "autoload"]

PLUGIN: Final = Plugin(
    device="vulkan",
    built_for="0.26.0",
    folder=Path(__file__).parent,
    has_compiler=True,
    remedy="install the driver of your graphics card (on Linux also the loader: "
    "apt-get install libvulkan1 mesa-vulkan-drivers)",
    # What the kernels of a language model ask of a device.
    properties=(
        "device_name",
        "driver_name",
        "max_shared_memory_per_block",
        "max_num_threads",
        "thread_warp_size",
        "supports_float16",
        "supports_16bit_buffer",
        "supports_8bit_buffer",
        "supports_int8",
        "supports_int64",
    ),
)

autoload = PLUGIN.autoload
