"""CUDA's compiler on Windows: NVRTC, which needs no Visual Studio.

mlc_llm compiles with it (``mlc_llm/_cuda_code.py``). Windows looks for DLLs of a process that
Python started in no folder of PATH, so they are loaded first (``model/probes/with_libraries.py``).
No driver is needed: TVM's CUDA runtime for Windows asks for it when a device is.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from mlcbuild.model import cuda_tools

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["environment", "fetch"]

_PACKAGES: Final = (
    *(name for name in cuda_tools.PACKAGES if "-nvcc" not in name and "-nvvm" not in name),
    f"nvidia-nvfatbin=={cuda_tools.RELEASE}",
    "cuda-pathfinder==1.9.1",
)
#: Loaded by the compiler itself, from beside it.
_OWN: Final = "builtins"


def fetch(python: str, notice: Callable[[str], None]) -> Path:
    """Return the folder with the packages for that version of Python. Raises ``InputError``."""
    words = ("--python-version", python, "--implementation", "cp")
    name = f"{cuda_tools.RELEASE}-cp{python.replace('.', '')}"
    return cuda_tools.fetch(notice, _PACKAGES, name=name, words=words)


def environment(folder: Path, python_path: str) -> dict[str, str]:
    """Return the variables under which mlc_llm compiles with NVRTC."""
    toolkit = folder / "nvidia" / "cu13"
    libraries = [
        str(path) for path in sorted(toolkit.glob("bin/**/*.dll")) if _OWN not in path.name
    ]
    return {
        "CUDA_HOME": str(toolkit),
        "CUDA_PATH": str(toolkit),
        "TVM_CUDA_COMPILE_MODE": "nvrtc",
        cuda_tools.LIBRARIES: os.pathsep.join(libraries),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(folder), python_path))),
    }
