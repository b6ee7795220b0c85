"""Targets by name: what a device offers, where it cannot be asked.

A model library is compiled against limits (shared memory, threads, integer and float widths). The
device that will run it is mostly not in the machine that compiles, so the limits have names here.
The keys are TVM's own target attributes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mlcbuild.errors import UsageError

__all__ = ["DEFAULT", "PROFILES", "Profile", "profile_for"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """One named target. ``target`` is what TVM parses as JSON."""

    name: str
    device: str
    target: dict[str, str | int]


_VULKAN: Final[dict[str, str | int]] = {
    "kind": "vulkan",
    "max_num_threads": 256,
    "max_threads_per_block": 256,
    "thread_warp_size": 1,
    "supports_float32": 1,
    "supports_float16": 1,
    "supports_int64": 1,
    "supports_int32": 1,
    "supports_int16": 1,
    "supports_int8": 1,
    "supports_16bit_buffer": 1,
    "supports_8bit_buffer": 1,
    "supports_storage_buffer_storage_class": 1,
}

PROFILES: Final = {
    profile.name: profile
    for profile in (
        # Desktop GPUs: 48 KiB of shared memory, 16-bit floats, 8-bit storage. Mesa's software
        # driver runs it as well, although it declares 32 KiB.
        Profile(
            name="vulkan",
            device="vulkan",
            target={**_VULKAN, "max_shared_memory_per_block": 49152},
        ),
        # Integrated and older GPUs; a head size whose kernels do not fit is refused.
        Profile(
            name="vulkan-small",
            device="vulkan",
            target={**_VULKAN, "max_shared_memory_per_block": 32768},
        ),
        # Every NVIDIA GPU: what a block may use without asking for more (CUDA C++ Programming
        # Guide, compute capabilities).
        Profile(
            name="cuda",
            device="cuda",
            target={
                "kind": "cuda",
                "max_threads_per_block": 1024,
                "max_shared_memory_per_block": 49152,
                "registers_per_block": 65536,
                "thread_warp_size": 32,
            },
        ),
        # Desktop GPUs; the library holds source, which the user's driver compiles.
        Profile(
            name="opencl",
            device="opencl",
            target={
                "kind": "opencl",
                "max_threads_per_block": 256,
                "max_shared_memory_per_block": 49152,
                "thread_warp_size": 1,
            },
        ),
    )
}

#: Device -> the profile that is taken where none is named.
DEFAULT: Final = {"vulkan": "vulkan", "cuda": "cuda", "opencl": "opencl"}


def profile_for(device: str, name: str = "") -> Profile:
    """Return the profile ``name``, or the device's default.

    Raises ``UsageError`` for a name that is unknown or belongs to another device.
    """
    chosen = PROFILES.get(name or DEFAULT.get(device, ""))
    if chosen is None or chosen.device != device:
        known = sorted(p.name for p in PROFILES.values() if p.device == device)
        raise UsageError(
            f"{name or device} is not a profile of {device}",
            remedy=f"choose from {', '.join(known) or 'none: there is no profile for this device'}",
        )
    return chosen
