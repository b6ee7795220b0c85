"""``python -m tvm_vulkan``: what Vulkan is on this machine, as TVM sees it."""

from __future__ import annotations

import sys
from typing import Final

#: What the kernels of a language model ask of a device; names of TVM's target attributes.
_LIMITS: Final = (
    "device_name",
    "driver_name",
    "vulkan_api_version",
    "max_shared_memory_per_block",
    "max_threads_per_block",
    "thread_warp_size",
    "supports_float16",
    "supports_16bit_buffer",
    "supports_8bit_buffer",
    "supports_int8",
    "supports_int64",
)
_NO_DEVICE: Final = (
    "no Vulkan device: install the driver of your graphics card (on Linux also the loader: "
    "apt-get install libvulkan1 mesa-vulkan-drivers)"
)


def main() -> int:
    """Print each device and its limits; 1 where there is none."""
    import tvm
    import tvm_ffi

    import tvm_vulkan

    compiler = tvm_ffi.get_global_func("target.build.vulkan", allow_missing=True) is not None
    print(f"apache-tvm {tvm.__version__}, code generator {'loaded' if compiler else 'absent'}")
    if problem := tvm_vulkan.runtime_problem():
        print(f"the Vulkan runtime was not loaded: {problem}")
    ask = tvm_ffi.get_global_func("device_api.vulkan.get_target_property", allow_missing=True)
    index = 0
    while ask is not None and tvm.vulkan(index).exist:
        print(f"vulkan({index})")
        for name in _LIMITS:
            print(f"  {name:28} {ask(tvm.vulkan(index), name)}")
        index += 1
    if index == 0:
        print(_NO_DEVICE)
    return 0 if index else 1


if __name__ == "__main__":
    sys.exit(main())
