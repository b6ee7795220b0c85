"""``cuda-runtime``: the CUDA library that TVM's CUDA runtime needs besides the driver."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlcbuild.devices import CUDA
from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.distributions import distributions, family, provides
from mlcbuild.doctor.gpus import library, nvidia
from mlcbuild.doctor.packages import pip

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CHECK"]

#: CUDA's major version that apache-tvm 0.26's runtime is built with; its ABI is stable.
_MAJOR: Final = 13
_WHEELS: Final = re.compile(r"nvidia-cuda-runtime(-cu(?P<major>\d+))?")
_NAME: Final = f"libcudart.so.{_MAJOR}"


def _run(system: System) -> Outcome:
    if not any(provides(each.name) == "tvm" for each in family(system)):
        return skip("no TVM is installed in this Python")
    if not nvidia(system) and not library(system, "", CUDA.linux_driver):
        return skip("no NVIDIA GPU")
    wheels = dict(_wheels(system))
    evidence = [f"wheel {wheel} {version}" for wheel, version in wheels.items()]
    evidence += [f"toolkit: {root} (not needed to run models)" for root in _toolkits(system)]
    majors = {version.partition(".")[0] for version in wheels.values()}
    if str(_MAJOR) in majors:
        return ok(f"{_NAME} comes with NVIDIA's wheel", evidence=evidence)
    if found := library(system, "", _NAME):
        return ok(f"{_NAME} comes with a toolkit", evidence=(*evidence, found))
    other = f"; CUDA {', '.join(sorted(majors))} is installed and does not fit" if majors else ""
    return warn(
        f"TVM's CUDA runtime does not load: {_NAME} is not installed{other}",
        evidence=evidence,
        fix=pip(system, "install", f"nvidia-cuda-runtime=={_MAJOR}.*"),
    )


def _wheels(system: System) -> Iterator[tuple[str, str]]:
    for each in distributions(system):
        if _WHEELS.fullmatch(each.name):
            yield each.name, each.version


def _toolkits(system: System) -> list[str]:
    found = [system.variable(name) for name in ("CUDA_PATH", "CUDA_HOME")]
    return list(dict.fromkeys(root for root in found if root and system.is_folder(root)))


CHECK = Check(
    title="TVM's CUDA runtime has NVIDIA's library",
    why=f"apache-tvm's tvm_runtime_cuda needs cudart of CUDA {_MAJOR}, any {_MAJOR}.x: a wheel of "
    "3 MB provides it; TVM's wheel for Windows links it statically. The driver's version matters "
    "(nvidia-driver); a toolkit's does not.",
    source="the imports of tvm_runtime_cuda in apache-tvm 0.26.0; NVIDIA, CUDA compatibility guide",
    run=_run,
    platforms=("linux",),
)
