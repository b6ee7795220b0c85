"""What every plug-in for apache-tvm does: judge the installed TVM, load, tell.

Laid into each plug-in's wheel as ``_plugin.py``: one that is installed stands alone.
"""

from __future__ import annotations

import ctypes
import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

__all__ = ["Plugin", "PluginError"]


class PluginError(ImportError):
    """The plug-in and the installed TVM do not fit; the message says what to do."""


@dataclass(kw_only=True)
class Plugin:
    """One device for an unmodified apache-tvm.

    ``built_for`` is the release whose libraries ours are linked against; ``properties`` are the
    device's, by the names that TVM gives them; ``remedy`` is what a machine without the device
    needs. After ``autoload``, ``problem`` says why the runtime was not loaded ("" where it was).
    """

    device: str
    built_for: str
    folder: Path
    remedy: str
    properties: tuple[str, ...] = ()
    has_compiler: bool = False
    problem: str = ""
    #: Handles of what was loaded: a library must stay for as long as its functions are registered.
    _loaded: list[ctypes.CDLL] = field(default_factory=list)

    def autoload(self) -> None:
        """Load runtime and code generator, whichever TVM does not have yet.

        Raises ``PluginError`` where the installed TVM is another release, or ours is damaged. A
        machine without the driver's loader is neither: the device is absent, compiling is not.
        """
        import tvm

        self.judge(tvm)
        if not _known(f"device_api.{self.device}"):
            try:
                self._load(f"tvm_runtime_{self.device}")
            except OSError as error:
                self.problem = str(error)
        # A TVM without compiler has no code generators at all; it says so by no public name.
        wanted = self.has_compiler and not tvm._RUNTIME_ONLY  # noqa: SLF001
        if wanted and not _known(f"target.build.{self.device}"):
            try:
                self._load(f"tvm_compiler_{self.device}")
            except OSError as error:
                raise PluginError(
                    f"tvm-{self.device}'s code generator cannot be loaded: {error}"
                ) from error

    def judge(self, tvm: ModuleType) -> None:
        """Raise ``PluginError`` unless ``tvm`` is of the release that this was built for."""
        version = str(tvm.__version__)
        release = re.match(r"\d+\.\d+\.\d+", version)
        if release is None or release[0] != self.built_for:
            name, fits = f"tvm-{self.device}", self.built_for
            raise PluginError(
                f"{name} {fits} fits apache-tvm {fits} alone and {version} is installed: "
                f'pip install "apache-tvm=={fits}", or the {name} of that release'
            )

    def _load(self, name: str) -> None:
        """Load one of our libraries. TVM's own, which it needs, are in the process already."""
        names = {"win32": f"{name}.dll", "darwin": f"lib{name}.dylib"}
        path = self.folder / "lib" / names.get(sys.platform, f"lib{name}.so")
        self._loaded.append(ctypes.CDLL(str(path)))

    def tell(self) -> int:
        """Print what the device is on this machine, as TVM sees it; 1 where there is none."""
        import tvm

        generator = "loaded" if _known(f"target.build.{self.device}") else "absent"
        print(f"apache-tvm {tvm.__version__}, code generator {generator}")
        if self.problem:
            print(f"the {self.device} runtime was not loaded: {self.problem}")
        index = 0
        while (device := tvm.device(self.device, index)).exist:
            print(f"{self.device}({index})")
            for name in self.properties:
                print(f"  {name:28} {_property(device, self.device, name)}")
            index += 1
        if index == 0:
            print(f"no {self.device} device: {self.remedy}")
        return 0 if index else 1


def _known(function: str) -> bool:
    import tvm_ffi

    return tvm_ffi.get_global_func(function, allow_missing=True) is not None


def _property(device: object, kind: str, name: str) -> object:
    """Ask the device's own function where it has one, else TVM's attribute of that name."""
    import tvm_ffi

    ask = tvm_ffi.get_global_func(f"device_api.{kind}.get_target_property", allow_missing=True)
    return ask(device, name) if ask is not None else getattr(device, name, None)
