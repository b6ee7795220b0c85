"""Vulkan for an unmodified apache-tvm: code generator and runtime, loaded at ``import tvm``.

TVM calls ``autoload`` through its entry-point group ``tvm.backends``. What it raises, TVM turns
into one warning; a machine without a Vulkan driver is no error: ``tvm.vulkan(0).exist`` is False
there, compiling for Vulkan works, and ``python -m tvm_vulkan`` says why.
"""

from __future__ import annotations

import ctypes
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["BUILT_FOR", "PluginError", "autoload", "runtime_problem"]

#: The release of apache-tvm whose libraries these are linked against.
BUILT_FOR: Final = "0.26.0"

_LIBRARIES: Final = Path(__file__).with_name("lib")
#: Handles of what was loaded: a library must stay for as long as its functions are registered.
_loaded: list[ctypes.CDLL] = []
_runtime_problem: str = ""


class PluginError(ImportError):
    """The plug-in and the installed TVM do not fit; the message says what to do."""


def autoload() -> None:
    """Load runtime and code generator, whichever TVM does not have yet.

    Raises ``PluginError`` where the installed TVM is another release or another build.
    """
    global _runtime_problem  # noqa: PLW0603 - one process, one runtime
    import tvm
    import tvm_ffi

    def known(function: str) -> bool:
        return tvm_ffi.get_global_func(function, allow_missing=True) is not None

    _judge(tvm)
    if not known("device_api.vulkan"):
        try:
            _load("tvm_runtime_vulkan")
        except OSError as error:
            # No Vulkan loader on this machine: the device is absent, compiling is not.
            _runtime_problem = str(error)
    if not tvm._RUNTIME_ONLY and not known("target.build.vulkan"):  # noqa: SLF001 - no public name
        try:
            _load("tvm_compiler_vulkan")
        except OSError as error:
            raise PluginError(
                f"the Vulkan code generator of tvm-vulkan cannot be loaded: {error}"
            ) from error


def runtime_problem() -> str:
    """Return why the Vulkan runtime was not loaded; "" where it was."""
    return _runtime_problem


def _judge(tvm: ModuleType) -> None:
    version = str(tvm.__version__)
    release = re.match(r"\d+\.\d+\.\d+", version)
    if release is None or release[0] != BUILT_FOR:
        raise PluginError(
            f"tvm-vulkan {BUILT_FOR} fits apache-tvm {BUILT_FOR} alone and {version} is installed: "
            f'pip install "apache-tvm=={BUILT_FOR}", or the tvm-vulkan of that release'
        )


def _load(name: str) -> None:
    """Load one of our libraries. TVM's own, which it needs, are in the process already."""
    file = {"win32": f"{name}.dll", "darwin": f"lib{name}.dylib"}.get(sys.platform, f"lib{name}.so")
    _loaded.append(ctypes.CDLL(str(_LIBRARIES / file)))
