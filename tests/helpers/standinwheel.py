"""A wheel of mlc_llm for Windows whose library is a stand-in: it registers one name with real TVM.

What the locator does before, during and after the load needs no more of it: PyPI's own tvm_runtime
lies beside it as in the wheel, METADATA pins, RECORD and stamp say what theirs say.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path

from tinydll import build_dll
from windowsinstall import mark_as_ours

__all__ = ["build_stand_in_wheel"]

VERSION = "0.20.0"
_LIBRARY = """\
typedef unsigned long long size;
struct bytes { const char *text; size length; };
__declspec(dllimport) int TVMFFIFunctionCreate(void *, void *, void *, void **);
__declspec(dllimport) int TVMFFIFunctionSetGlobal(struct bytes *, void *, int);
static int answer(void *self, void *values, int count, void *result) { return 0; }
int STDCALL DllMain(void *module, unsigned reason, void *reserved) {
  struct bytes name = {"mlc.tokenizers.Tokenizer", 24};
  void *function = 0;
  if (reason != 1) return 1;
  return !TVMFFIFunctionCreate(0, (void *)answer, 0, &function)
      && !TVMFFIFunctionSetGlobal(&name, function, 1);
}
"""
_METADATA = """\
Metadata-Version: 2.1
Name: mlc-llm
Version: {version}
{requires}
"""


def build_stand_in_wheel(folder: Path, tvm: Path, pins: tuple[str, ...]) -> Path:
    """Make the wheel, with the runtime of ``tvm``, the wheel of apache-tvm for Windows."""
    files = {}
    with zipfile.ZipFile(tvm) as archive:
        for name in ("tvm_runtime.dll", "tvm_runtime_extra.dll"):
            files[f"mlc_llm/lib/{name}"] = archive.read(f"tvm/lib/{name}")
    with tempfile.TemporaryDirectory(prefix="stand-in-") as work:
        imports = {
            "tvm_runtime.dll": ["TVMBackendAllocWorkspace"],
            "tvm_ffi.dll": ["TVMFFIFunctionCreate", "TVMFFIFunctionSetGlobal"],
        }
        made = build_dll(
            Path(work) / "mlc_llm.dll", source=_LIBRARY, imports=imports, toolchain="lld"
        )
        files["mlc_llm/lib/mlc_llm.dll"] = mark_as_ours(made).read_bytes()
    sizes = [{"path": name, "size": len(data)} for name, data in files.items()]
    sources = [{"name": "tvm", "version": None}]
    files["mlc_llm/_build.json"] = json.dumps({"sources": sources, "files": sizes}).encode()
    info = f"mlc_llm-{VERSION}.dist-info"
    requires = "\n".join(f"Requires-Dist: {pin}" for pin in pins)
    files[f"{info}/METADATA"] = _METADATA.format(version=VERSION, requires=requires).encode()
    record = "".join(f"{name},,{len(data)}\n" for name, data in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    wheel = folder / f"mlc_llm-{VERSION}-py3-none-win_amd64.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return wheel
