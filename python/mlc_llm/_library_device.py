"""The device that a model library was compiled for, read from its bytes: it runs on no other.

A library on another device than its own fails after the model was loaded, in words about a function
or a memory that is not there; ``auto`` took the first GPU of the machine whatever the library was.
"""

from __future__ import annotations

import mmap
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LibraryDeviceError", "device_of", "fitting_device"]

#: A kind of TVM's modules -> the device that runs it.
_KINDS = {"hip": "rocm"} | {name: name for name in ("cuda", "metal", "opencl", "vulkan")}
#: Every model library holds this one: the functions that are not for a device.
_PROGRAM = "relax.VMExecutable"
_ALIASES = {"llvm": "cpu", "cl": "opencl", "gpu": "cuda", "nvptx": "cuda"}


class LibraryDeviceError(ValueError):
    """A library and a device that do not go together. The text says which one does."""


def device_of(library: str) -> str:
    """Return the device of a library; "" for a file that is not known to be one."""
    try:
        with (
            open(library, "rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            if not _holds(data, _PROGRAM):
                return ""
            return next((device for kind, device in _KINDS.items() if _holds(data, kind)), "cpu")
    except (OSError, ValueError):  # absent, or empty
        return ""


def _holds(data: mmap.mmap, kind: str) -> bool:
    """Say whether TVM stored a module of this kind: length, name, length, that many bytes."""
    header = struct.pack("<Q", len(kind)) + kind.encode()
    at = data.find(header)
    while at >= 0:
        end = at + len(header) + 8
        if end <= len(data):
            (size,) = struct.unpack("<Q", data[end - 8 : end])
            if 0 < size <= len(data) - end:
                return True
        at = data.find(header, at + 1)
    return False


def fitting_device(device: object, libraries: Iterable[str | None]) -> object:
    """Return the device to run the libraries on: ``auto`` becomes their own.

    Raises ``LibraryDeviceError`` where one is for another.
    """
    for library in libraries:
        wanted = device_of(library) if library else ""
        if not wanted:
            continue
        if device == "auto":
            device = wanted
        kind = str(device).partition(":")[0]
        if _ALIASES.get(kind, kind) != wanted:
            raise LibraryDeviceError(
                f"{library} was compiled for {wanted} and does not run on {device}: "
                f"use --device {wanted}, or a library for {kind} (mlcbuild model --device {kind})"
            )
    return device
