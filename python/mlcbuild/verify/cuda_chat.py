"""``verify --chat --device cuda``: compile for this machine's GPU, without a CUDA toolkit.

``mlc_llm compile`` would need nvcc on PATH. As documented for users, ``mlcbuild model`` compiles
with NVIDIA's compiler from the package index, for the architecture of this machine's GPU.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Final

from mlcbuild.devices import CUDA
from mlcbuild.errors import FailedError, InputError
from mlcbuild.model.hosts import this_host
from mlcbuild.model.make import Options, make
from mlcbuild.model.request import make_request
from mlcbuild.verify.place import Place, clean_environment
from mlcbuild.verify.steps import Limits, probe

#: What TVM's CUDA runtime needs besides the driver: the wheel's extra ``cuda``.
RUNTIME: Final = "nvidia-cuda-runtime>=13,<14"
#: Hidden size, layers and heads: with smaller heads the decode kernel's blocks are too deep.
SIZES: Final = (256, 2, 4)


def require_driver() -> None:
    """Raise ``InputError`` where there is no NVIDIA driver, before anything is installed."""
    name = CUDA.windows_driver if sys.platform == "win32" else CUDA.linux_driver
    try:
        ctypes.CDLL(name)
    except OSError as error:
        raise InputError(
            f"this machine has no NVIDIA driver ({name}): cannot verify CUDA here",
            remedy="run it on a machine with an NVIDIA GPU; mlcbuild model compiles anywhere",
        ) from error


def step_device(place: Place, limits: Limits) -> tuple[str, str]:
    """Check that TVM has the GPU. Returns (detail, device with architecture, ``cuda:sm_90``).

    Raises ``FailedError`` where the runtime does not load although the driver is there,
    ``InputError`` where the driver is too old or has no GPU.
    """
    found = probe(place, "device", "cuda", limit_s=limits.quick_s)
    why = found["refused"].get(CUDA.runtime, "")
    if not found["runtime"]:
        raise FailedError(f"TVM's CUDA runtime does not load: {why or 'it is not installed'}")
    if not found["exists"]:
        raise InputError(f"no CUDA device on this machine: {why or 'the driver has none'}")
    version = str(found["compute"]).replace(".", "")
    return f"{found['name']}, sm_{version}", f"cuda:sm_{version}"


def step_compile(place: Place, device: str, model: Path, library: Path) -> str:
    """Compile the model in folder ``model`` as ``mlcbuild model`` does."""
    made = make(
        Options(
            model=model,
            output=library,
            request=make_request(target=this_host(), device=device),
            python=place.python,
            log=place.log,
            environment=clean_environment(os.environ),
        ),
        lambda _: None,
        lambda _: None,
    )
    code = ", ".join(f"sm_{number}" for number in made.code.sass)
    return f"{made.size} bytes with machine code for {code}; no toolkit"
