"""CUDA beside TVM: its runtime library from NVIDIA's wheel, and what the driver is good for.

``tvm_runtime_cuda`` needs the driver's library (``libcuda.so.1``, ``nvcuda.dll``) and NVIDIA's
runtime of the major version that it was built with (``libcudart.so.13``, ``cudart64_13.dll``). The
second is a wheel on the package index, which puts it where no loader looks: it is loaded from there
by its path, and the loader then takes it by its name.
"""

from __future__ import annotations

import ctypes
import os
import sys

from mlc_llm._locator.image import NotAnImageError, read_image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlc_llm._locator import Host

__all__ = ["driver_fault", "load", "runtime_library"]

_DRIVER = {"windows": "nvcuda.dll"}
#: Below ``nvidia`` in site-packages: NVIDIA's wheels of CUDA 13 on, then those before.
_FOLDERS = ("cu*/lib", "cu*/bin/x86_64", "cu*/bin", "cuda_runtime/lib", "cuda_runtime/bin")
#: The first driver of a major version of CUDA (NVIDIA, CUDA release notes).
_FIRST_DRIVER = {12: "525", 13: "580"}

#: Functions of the driver that are new with a major version of CUDA, newest first.
_NEW = ((b"\0cuDeviceGetHostAtomicCapabilities\0", 13),)
_kept: list[ctypes.CDLL] = []


def load(path: str, host: Host, error: OSError) -> tuple[ctypes.CDLL | None, str]:
    """Load TVM's CUDA runtime after a first try failed with ``error``: (handle, "").

    (None, reason) where it cannot be.
    """
    names = _imports(path)
    driver = _DRIVER.get(host.system, "libcuda.so.1")
    if driver in names and not _loads(driver):
        return None, f"NVIDIA's driver is not on this machine ({driver})"
    wanted = next((name for name in names if "cudart" in name), "")
    if not wanted:
        return None, str(error)
    found = runtime_library(wanted)
    if found is None:
        return None, f'{wanted} is not installed: pip install "mlc-llm[cuda]"'
    try:
        _kept.append(ctypes.CDLL(found))
        return ctypes.CDLL(path), ""
    except OSError as second:
        return None, str(second)


def driver_fault(path: str, host: Host) -> str:
    """Say that the driver is absent, or older than the CUDA that the runtime was built with.

    Both let a runtime load that has NVIDIA's library inside, and then there is no device. "" where
    the driver is good, or nothing is known.
    """
    wanted = _major(next((name for name in _imports(path) if "cudart" in name), ""))
    wanted = wanted or _inside(path)
    name = _DRIVER.get(host.system, "libcuda.so.1")
    try:
        driver = ctypes.CDLL(name)
    except OSError:
        return f"NVIDIA's driver is not on this machine ({name})"
    try:
        number = ctypes.c_int()
        if driver.cuDriverGetVersion(ctypes.byref(number)) != 0:
            return ""
    except AttributeError:
        return ""
    major, minor = number.value // 1000, number.value % 1000 // 10
    if not wanted or major >= wanted:
        return ""
    first = _FIRST_DRIVER.get(wanted, "a newer one")
    return f"NVIDIA's driver is for CUDA {major}.{minor}, TVM's for {wanted}: driver {first} on"


def runtime_library(name: str) -> str | None:
    """Return the path of NVIDIA's runtime library in its wheel, None where it is not there."""
    for folder in _nvidia():
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    return None


def _nvidia() -> Iterator[str]:
    for entry in dict.fromkeys(sys.path):
        base = os.path.join(entry or os.curdir, "nvidia")
        try:
            majors = sorted(each for each in os.listdir(base) if each.startswith("cu"))
        except OSError:
            continue
        for below in _FOLDERS:
            first, _, rest = below.partition("/")
            for name in majors if first == "cu*" else [first]:
                yield os.path.join(base, name, *rest.split("/"))


def _imports(path: str) -> list[str]:
    try:
        return list(read_image(path).needed)
    except (OSError, NotAnImageError):
        return []


def _loads(name: str) -> bool:
    try:
        _kept.append(ctypes.CDLL(name))
    except OSError:
        return False
    return True


def _inside(path: str) -> int:
    """Return the major version of a cudart that is linked in, as told by names that it asks for."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return 0
    return next((major for name, major in _NEW if name in data), 0)


def _major(name: str) -> int:
    """``libcudart.so.13`` or ``cudart64_13.dll`` -> 13; 0 where it names none."""
    text = name.lower().removesuffix(".dll").replace("_", ".").rpartition(".")[2]
    return int(text) if text.isdigit() else 0
