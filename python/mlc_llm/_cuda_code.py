"""Machine code for CUDA without nvcc: NVIDIA's runtime compiler, and its library of fatbins.

nvcc wants a C++ compiler of the system beside it, on Windows Visual Studio's. NVRTC wants none: the
packages cuda-bindings, nvidia-cuda-nvrtc and nvidia-nvfatbin are all.
"""

from __future__ import annotations

import os

__all__ = ["compile_without_nvcc", "is_wanted"]


def is_wanted() -> bool:
    """Say whether NVRTC is installed, and is asked for or all that there is.

    ``TVM_CUDA_COMPILE_MODE`` is TVM's own variable.
    """
    from importlib.util import find_spec  # noqa: PLC0415 - asked for CUDA alone
    from shutil import which  # noqa: PLC0415

    if os.environ.get("TVM_CUDA_COMPILE_MODE", "").lower() != "nvrtc" and which("nvcc"):
        return False
    return all(find_spec(name) for name in ("cuda", "cuda.bindings", "cuda.bindings.nvfatbin"))


def compile_without_nvcc(code: str, architectures: list[str] | None) -> bytes:
    """Return a fatbin with machine code for each of ``architectures`` (``80``); None: the target's.

    Raises ``RuntimeError`` with the compiler's words.
    """
    from cuda.bindings import nvfatbin  # type: ignore[import-not-found] # noqa: PLC0415
    from tvm.support import nvcc  # type: ignore[import-not-found] # noqa: PLC0415
    from tvm.target import Target  # type: ignore[import-not-found] # noqa: PLC0415

    if architectures is None:
        target = Target.current(allow_none=True)
        arch = str(target.attrs.get("arch", "sm_80")) if target else "sm_80"
        architectures = [arch.removeprefix("sm_")]
    # CUDA 13 keeps its standard library there, and TVM looks for it in another folder.
    options = [f"-I{os.path.join(nvcc.find_cuda_path(), 'include', 'cccl')}"]
    handle = nvfatbin.create(["-64"], 1)
    try:
        for number in architectures:
            arch = f"sm_{number}"
            cubin = bytes(
                nvcc.compile_cuda(
                    code, target_format="cubin", arch=arch, options=options, compiler="nvrtc"
                )
            )
            nvfatbin.add_cubin(handle, cubin, len(cubin), number, "tvm_kernels")
        made = bytearray(nvfatbin.size(handle))
        nvfatbin.get(handle, made)
    finally:
        nvfatbin.destroy(handle)
    return bytes(made)
