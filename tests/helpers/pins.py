"""What the lock pins, for tests that install or name it: a bump changes them with the lock."""

from __future__ import annotations

from pathlib import Path

from mlcbuild.sources.lock import LOCK, PypiOrigin, load

__all__ = ["TVM", "TVM_FFI", "TVM_WHEELS"]

_LOCK = load(Path(__file__).resolve().parents[2] / LOCK)


def _release(component: str) -> str:
    origin = _LOCK.select([component])[0].origin
    assert isinstance(origin, PypiOrigin)
    return origin.version


#: The releases of apache-tvm and apache-tvm-ffi.
TVM = _release("tvm-windows")
TVM_FFI = _release("tvm-ffi")
#: Both, as pip is asked for them.
TVM_WHEELS = (f"apache-tvm=={TVM}", f"apache-tvm-ffi=={TVM_FFI}")
