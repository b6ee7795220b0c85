"""The request, and its options for ``mlc_llm compile``: pure functions."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlcbuild.devices import COMPILES
from mlcbuild.errors import UsageError
from mlcbuild.model.hosts import CPU, HOSTS, Host
from mlcbuild.model.profiles import profile_for

if TYPE_CHECKING:
    from mlcbuild.model.device_code import DeviceCode

__all__ = ["Request", "flags", "make_request", "missing_code", "processor", "target_json"]

#: The oldest architecture that the compiler of CUDA 13 still makes code for (its release notes).
_OLDEST_SM: Final = 75
_DEFAULT_SM: Final = (80, 86, 89, 90)
#: What would be compiled, or asked for, on the user's machine is off.
_NO_JIT: Final = "flashinfer=0;cublas_gemm=0;faster_transformer=0;cudagraph=0;cutlass=0"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One library: for which system and device. ``architectures`` are CUDA's, 90 for sm_90."""

    host: Host
    device: str
    architectures: tuple[int, ...] = ()
    profile: str = ""
    cpu: str = CPU


def make_request(*, target: str, device: str, profile: str = "", cpu: str = CPU) -> Request:
    """Read the words of the command line. Raises ``UsageError`` for what is not understood."""
    kind, _, rest = device.partition(":")
    if target not in HOSTS:
        raise UsageError(f"target {target} is not known", remedy=f"use {', '.join(HOSTS)}")
    if kind not in COMPILES or (rest and kind != "cuda"):
        raise UsageError(
            f"device {device} is not known", remedy="use cpu, vulkan, cuda:sm_90, opencl"
        )
    architectures = _architectures(rest) if kind == "cuda" else ()
    if kind != "cpu":
        profile_for(kind, profile)
    elif profile:
        raise UsageError("a CPU has no profile", remedy="name the processor with --cpu")
    return Request(
        host=HOSTS[target], device=kind, architectures=architectures, profile=profile, cpu=cpu
    )


def _architectures(text: str) -> tuple[int, ...]:
    if not text:
        return _DEFAULT_SM
    found = []
    for word in text.split(","):
        match = re.fullmatch(r"(?:sm_)?(\d{2,3})", word.strip())
        if match is None:
            raise UsageError(
                f"{word!r} is not a CUDA architecture",
                remedy="write cuda:sm_90 or cuda:sm_80,sm_90",
            )
        found.append(int(match[1]))
    if too_old := [number for number in found if number < _OLDEST_SM]:
        raise UsageError(
            f"CUDA 13 makes no code for sm_{too_old[0]}", remedy=f"sm_{_OLDEST_SM} is the oldest"
        )
    return tuple(sorted(set(found)))


def processor(**attributes: object) -> str:
    """Return the target of a processor, as TVM reads it: ``opt_level`` is ``opt-level`` there.

    TVM makes the kernels by the host's attributes; without any, for the oldest processor.
    """
    named = {name.replace("_", "-"): value for name, value in attributes.items()}
    llvm = {"kind": "llvm", **named}
    return json.dumps({**llvm, "host": llvm})


def target_json(request: Request, **more: object) -> str:
    """Return the target of the device, as TVM reads it; ``more`` is for a ``processor``."""
    if request.device == "cpu":
        return processor(mtriple=request.host.triple, mcpu=request.cpu, **more)
    target = dict(profile_for(request.device, request.profile).target)
    if request.architectures:
        # Code is generated for the oldest; nvcc makes machine code for each.
        target["arch"] = f"sm_{request.architectures[0]}"
    return json.dumps(target)


def flags(request: Request) -> str:
    """Return ``--opt``: nothing that needs another library or a compiler where the model runs."""
    return _NO_JIT if request.device == "cuda" else "O0"


def missing_code(request: Request, code: DeviceCode) -> str:
    """Say what device code is missing from the library; "" if all requested code is there."""
    if request.device == "cuda":
        absent = [f"sm_{n}" for n in request.architectures if n not in code.sass]
        if code.source:
            return "it holds CUDA source, which the user's machine would have to compile"
        return f"it has no machine code for {', '.join(absent)}" if absent else ""
    if request.device == "vulkan" and not code.spirv:
        return "it holds no SPIR-V shaders"
    if request.device == "opencl" and not code.source:
        return "it holds no OpenCL kernels"
    return ""
