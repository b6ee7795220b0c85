"""The OpenCL runtime for an unmodified apache-tvm, which has the code generator and no runtime.

TVM calls ``autoload`` through its entry-point group ``tvm.backends``; what it raises, TVM turns
into one warning. ``python -m tvm_opencl`` tells what OpenCL is on this machine.
"""

from pathlib import Path
from typing import Final

from tvm_opencl._plugin import Plugin, PluginError

__all__ = ["PLUGIN", "PluginError", "autoload"]

PLUGIN: Final = Plugin(
    device="opencl",
    built_for="0.26.0",
    folder=Path(__file__).parent,
    remedy="install the OpenCL driver of your device (on Linux also the loader: "
    "apt-get install ocl-icd-libopencl1; pocl-opencl-icd computes on the CPU)",
    properties=(
        "device_name",
        "api_version",
        "driver_version",
        "max_shared_memory_per_block",
        "max_threads_per_block",
        "warp_size",
    ),
)

autoload = PLUGIN.autoload
