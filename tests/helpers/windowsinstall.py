"""An installed ``mlc_llm`` for Windows in miniature: our locator, real small DLLs, stand-in TVM.

The libraries need each other as the real ones do: ``mlc_llm -> tvm_runtime -> tvm_ffi``, and
``mlc_llm -> mid -> leaf`` for what shall be sick (``sickdlls``). ``PROBE`` imports the package and
prints what became of it as JSON.
"""

from __future__ import annotations

import compileall
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sickdlls import make, mend
from tinydll import build_dll

if TYPE_CHECKING:
    from mlcbuild.lab import Lab

__all__ = [
    "INIT",
    "NEEDS",
    "OVERLAY",
    "PROBE",
    "TVM",
    "WindowsInstall",
    "build_libraries",
    "mark_as_ours",
]

OVERLAY = Path(__file__).resolve().parents[2] / "python" / "mlc_llm"

#: What 3rdparty/patches/mlc-llm-locator.toml makes of upstream's start of the package.
INIT = """\
from . import _locator
if not _locator.asked():
    from .libinfo import prepare
    prepare()
    import tvm
    from . import libinfo
    LIB, LIB_PATH = libinfo.load_library()
"""

#: TVM finds its libraries as 0.26 does (``tvm/base.py``) and keeps their handles there.
TVM = """\
import ctypes, os, pathlib, sys
_LOADED_LIBS = {}
_RUNTIME_ONLY = os.environ.get("TVM_USE_RUNTIME_LIB") == "1"
_folders = [os.environ[k] for k in ("TVM_LIBRARY_PATH",) if os.environ.get(k)]
_folders.append(pathlib.Path(__file__).parent / "lib")
_name = "{}.dll" if sys.platform == "win32" else "lib{}.so"
_added = []
def _load(name, mode):
    for folder in _folders:
        path = pathlib.Path(folder, _name.format(name))
        if path.is_file():
            if sys.platform == "win32":
                _added.append(os.add_dll_directory(str(path.parent)))
            _LOADED_LIBS[name] = ctypes.CDLL(str(path), mode)
            return
    raise RuntimeError("Cannot find library: " + name)
_load("tvm_runtime", ctypes.RTLD_GLOBAL)
if not _RUNTIME_ONLY:
    try:
        _load("tvm_compiler", ctypes.RTLD_LOCAL)
    except (RuntimeError, OSError):
        _RUNTIME_ONLY = True
"""
_TVM_FFI = """\
import ctypes, os, pathlib
__version__ = "0.1.13.post2"
_path = pathlib.Path(__file__).parent / "lib" / "tvm_ffi.dll"
if not _path.is_file():
    raise RuntimeError("Cannot find library: tvm_ffi.dll")
_added = os.add_dll_directory(str(_path.parent))
_lib = ctypes.CDLL(str(_path))
"""

PROBE = """\
import json, sys
result = {}
try:
    import mlc_llm
except OSError as error:
    result = {k: getattr(error, k, None) for k in ("cause", "culprit", "winerror", "fix", "path")}
    result |= {"message": str(error), "kind": type(error).__name__, "errno": error.errno}
    result["runtime_error"] = isinstance(error, RuntimeError)
else:
    result = {"library": mlc_llm.LIB_PATH, "refused": mlc_llm.libinfo.refused_backends}
    import tvm
    result["loaded"] = {k: v._name for k, v in tvm.base._LOADED_LIBS.items()}
    result["added"] = mlc_llm.libinfo._state["folder"].path
result["children"] = "subprocess" in sys.modules
print("result " + json.dumps(result))
"""

#: What mlc_llm imports besides the chain that can be made sick.
NEEDS = {"tvm_runtime.dll": ["tvm_call"], "tvm_ffi.dll": ["ffi_call"]}


def build_libraries(folder: Path) -> Path:
    """Build all DLLs of a healthy install: ``ours``, ``tvm`` and ``tvm_ffi``."""

    def dll(name: str, exports: list[str], **needs: list[str]) -> None:
        imports = {f"{library}.dll": symbols for library, symbols in needs.items()}
        build_dll(folder / f"{name}.dll", exports=exports, imports=imports, toolchain="lld")

    dll("tvm_ffi/tvm_ffi", ["ffi_call"])
    for owner in ("ours", "tvm"):
        dll(f"{owner}/tvm_runtime", ["tvm_call", "newer_call"], tvm_ffi=["ffi_call"])
        dll(f"{owner}/tvm_runtime_extra", ["extra"], tvm_runtime=["tvm_call"])
    dll("tvm/tvm_compiler", ["compile"], tvm_runtime=["tvm_call"])
    dll("tvm/tvm_runtime_cuda", ["cuda"], tvm_runtime=["tvm_call"], nvcuda=["cuInit"])
    dll("tvm/tvm_runtime_vulkan", ["vulkan"], tvm_runtime=["tvm_call"])
    mark_as_ours(make("healthy", folder / "ours", top="mlc_llm.dll", needs=NEEDS))
    return folder


def mark_as_ours(library: Path) -> Path:
    """Write behind an image what tells it from others: a name that mlc_llm registers."""
    library.write_bytes(library.read_bytes() + b"\0mlc.serve.Request\0")
    return library


@dataclass(frozen=True)
class WindowsInstall:
    """A folder that is the current one of every Python started here, so it can be imported."""

    site: Path
    lab: Lab

    @property
    def lib(self) -> Path:
        """Return the folder of the wheel's own libraries."""
        return self.site / "mlc_llm" / "lib"

    @property
    def library(self) -> Path:
        return self.lib / "mlc_llm.dll"

    @classmethod
    def lay_out(cls, site: Path, libraries: Path, lab: Lab) -> WindowsInstall:
        """Copy package, libraries and stand-ins into ``site``."""
        shutil.copytree(OVERLAY, site / "mlc_llm", ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(site / "mlc_llm", quiet=1)  # Python under Wine takes a second
        shutil.copytree(libraries / "ours", site / "mlc_llm" / "lib")
        for name, code in (("tvm", TVM), ("tvm_ffi", _TVM_FFI)):
            shutil.copytree(libraries / name, site / name / "lib")
            start = code if name == "tvm_ffi" else "__version__ = '0.26.0'\nimport tvm_ffi\n"
            start += "" if name == "tvm_ffi" else "from . import base\n"
            (site / name / "__init__.py").write_text(start, encoding="utf-8")
        (site / "tvm" / "base.py").write_text(TVM, encoding="utf-8")
        (site / "tvm_ffi" / "core.py").write_text("", encoding="utf-8")
        (site / "mlc_llm" / "__init__.py").write_text(INIT, encoding="utf-8")
        return cls(site, lab)

    def sicken(self, name: str) -> None:
        """Replace the libraries of the chain by a sick set."""
        mark_as_ours(make(name, self.lib, top="mlc_llm.dll", needs=NEEDS))

    def mend(self, name: str) -> None:
        """Do what reinstalling does: put a healthy image in the culprit's place."""
        mend(name, self.lib, top="mlc_llm.dll", needs=NEEDS)
        if self.library.is_file():
            mark_as_ours(self.library)

    def run(self, *arguments: str, **environment: str) -> Any:
        """Run Python here; return what the lab completed."""
        return self.lab.run(["python", *arguments], env=environment, cwd=self.site, timeout=180)

    def probe(self, before: str = "", **environment: str) -> dict[str, Any]:
        """Import the package; return what became of it."""
        done = self.run("-c", before + PROBE, **environment)
        for line in done.text.splitlines():
            if line.startswith("result "):
                return dict(json.loads(line.removeprefix("result ")))
        raise AssertionError(f"no result, code {done.code}: {done.text}{done.errors}")

    def ask(self, *options: str, **environment: str) -> dict[str, Any]:
        """Return the answer of ``python -m mlc_llm.libinfo --json``."""
        done = self.run("-m", "mlc_llm.libinfo", "--json", *options, **environment)
        facts = dict(json.loads(done.text))
        facts["exit"] = done.code
        facts["stderr"] = done.errors
        return facts
