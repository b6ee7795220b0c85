"""CUDA's compiler from the package index: no toolkit, no driver, no GPU.

The pieces of nvcc are PyPI wheels by NVIDIA, laid side by side as a toolkit would be. They are
downloaded into mlcbuild's cache once (150 MB to download) and change nothing in the user's
environment.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.devices import CUDA
from mlcbuild.errors import FailedError, InputError
from mlcbuild.model.linkers import ZIG
from mlcbuild.platforms import LINUX_TRIPLE
from mlcbuild.programs import isolated, run
from mlcbuild.sources.cache import default_cache, stage_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlcbuild.model.linkers import Tools

__all__ = [
    "LIBRARIES",
    "PACKAGES",
    "RELEASE",
    "environment",
    "fetch",
    "host_compiler",
    "stand_in",
    "with_libraries",
]

#: Of CUDA; machine code of 13.x runs on every driver from 580 on (NVIDIA's minor version rule).
RELEASE: Final = "13.5.37"
PACKAGES: Final = (
    f"nvidia-cuda-nvcc=={RELEASE}",
    f"nvidia-nvvm=={RELEASE}",
    f"nvidia-cuda-crt=={RELEASE}",
    f"nvidia-cuda-runtime=={RELEASE}",
    f"nvidia-cuda-nvrtc=={RELEASE}",
    "nvidia-cuda-cccl==13.3.5.0.6",
    "cuda-bindings==13.5.0",
)
_PRELOAD: Final = Path(__file__).parent / "probes" / "with_libraries.py"
#: Its variable.
LIBRARIES: Final = "MLCBUILD_LIBRARIES"
_HEADERS: Final = f"{LINUX_TRIPLE}.2.42"
_DRIVER: Final = Path(__file__).parent / "data" / "driver_stand_in.c"


def fetch(
    notice: Callable[[str], None],
    packages: tuple[str, ...] = PACKAGES,
    *,
    name: str = RELEASE,
    words: tuple[str, ...] = (),
) -> Path:
    """Return the folder with the packages, downloading them first if needed.

    ``words`` are for pip. Concurrent calls wait for each other; an interrupted download leaves
    nothing. Raises ``InputError`` if the index cannot be reached.
    """
    folder = (default_cache() / "cuda" / name).absolute()

    def make(staged: Path) -> None:
        notice(f"bringing CUDA's compiler {RELEASE} from the package index (150 MB, once)")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
        done = run(
            [*pip, *words, "--only-binary=:all:", "--target", str(staged), *packages],
            capture_output=True,
        )
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise InputError(
                f"could not download the CUDA compiler: {said[-1] if said else 'pip said nothing'}",
                remedy="check the network, PIP_INDEX_URL and the proxy",
            )

    stage_folder(folder, make, notice)
    return folder


def environment(folder: Path, driver: Path, python_path: str) -> dict[str, str]:
    """Return the variables under which TVM finds nvcc and believes in a driver.

    ``driver`` is the folder of the stand-in. A real driver comes first: it is the better one.
    """
    toolkit = folder / "nvidia" / "cu13"
    libraries = [os.environ.get("LD_LIBRARY_PATH", ""), str(toolkit / "lib"), str(driver)]
    return {
        "PATH": os.pathsep.join((str(toolkit / "bin"), os.environ.get("PATH", ""))),
        "CUDA_HOME": str(toolkit),
        "CUDA_PATH": str(toolkit),
        "LD_LIBRARY_PATH": os.pathsep.join(filter(None, libraries)),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(folder), python_path))),
    }


def with_libraries(module: str, variables: Mapping[str, str]) -> list[str]:
    """Return how Python runs a module under these variables."""
    if LIBRARIES in variables:
        return [str(_PRELOAD), module]
    return ["-m", module]


def host_compiler(tools: Tools, folder: Path) -> dict[str, str]:
    """Return nvcc's options for a host compiler; none if it finds the system's itself.

    nvcc uses it only to preprocess. CUDA's headers and those of the C library declare the same
    functions and agree from glibc 2.42 on (zig has the headers of each); it compiles no library.
    """
    if tools.name != ZIG:
        return {}
    program = folder / "clang++"
    words = shlex.join(isolated((sys.executable, "-m", "ziglang", "c++", "-target", _HEADERS)))
    # PYTHONPATH is for the Python that compiles, which can be another one.
    program.write_text(f'#!/bin/sh\nunset PYTHONPATH\nexec {words} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return {"NVCC_CCBIN": str(program)}


def stand_in(tools: Tools, folder: Path) -> Path:
    """Compile the driver's stand-in where this machine has no driver; return its folder.

    Raises ``FailedError`` with the compiler's words.
    """
    into = folder / "driver"
    into.mkdir(exist_ok=True)
    if _has_driver():
        return into
    library = into / CUDA.linux_driver
    command = [*tools.linker, "-shared", "-fPIC", f"-Wl,-soname,{CUDA.linux_driver}"]
    done = run([*command, "-o", str(library), "-x", "c", str(_DRIVER)], capture_output=True)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise FailedError(f"the stand-in of CUDA's driver does not compile: {said[:300]}")
    return into


def _has_driver() -> bool:
    import ctypes  # noqa: PLC0415 - asked for CUDA alone

    try:
        ctypes.CDLL(CUDA.linux_driver)
    except OSError:
        return False
    return True
