"""``nvidia-driver``: the driver of an NVIDIA GPU is complete and new enough for CUDA 13."""

from __future__ import annotations

import re
from typing import Final

from mlcbuild.devices import CUDA
from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.distributions import family
from mlcbuild.doctor.gpus import library, nvidia
from mlcbuild.doctor.installers import install

__all__ = ["CHECK"]

#: First driver branch for CUDA 13, against which apache-tvm 0.26's tvm_runtime_cuda is built.
_CUDA_13: Final = 580


def _run(system: System) -> Outcome:
    driver = library(system, CUDA.windows_driver, CUDA.linux_driver)
    if not nvidia(system) and not driver:
        return skip("no NVIDIA GPU")
    fix = install(system, "nvidia-driver")
    version = _version(system)
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


def _version(system: System) -> str:
    """Return NVIDIA's version number, ``580.65.06``; empty where unknown."""
    text = system.text("/proc/driver/nvidia/version") if not system.windows else ""
    if match := re.search(r"Kernel Module\D*?(\d{3}\.[\d.]+)", text or ""):
        return match[1]
    said = system.ask("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader")
    match = re.match(r"\d{3}\.[\d.]+", said.strip())
    return match[0] if match else ""


CHECK = Check(
    title="The NVIDIA driver is complete and new enough",
    why="nvcuda.dll (libcuda.so.1) comes only with the driver. apache-tvm's CUDA runtime is built "
    "against CUDA 13, which needs a driver of branch 580 or newer.",
    source="NVIDIA, CUDA Toolkit release notes, table of driver versions; mlc-ai/package#24",
    run=_run,
    waits=True,
    platforms=("win32", "linux"),
)
