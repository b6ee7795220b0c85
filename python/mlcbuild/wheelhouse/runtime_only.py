"""PyPI's apache-tvm without its compiler: a wheel in, a wheel out. Pure.

The version gets a local label (``0.26.0+mlcbuild.runtime``): a requirement ``==0.26.0`` is still
met, pip prefers it to the same version without one, and the extra ``compile`` excludes it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from mlcbuild.errors import FailedError
from mlcbuild.wheelhouse.wheelfile import with_headers

if TYPE_CHECKING:
    from mlcbuild.wheelhouse.wheelfile import WheelFile

__all__ = ["LABEL", "runtime_only"]

LABEL: Final = "mlcbuild.runtime"
_PROJECT: Final = "apache-tvm"
#: Files that only building and compiling use; ``tvm.relax`` is the compiler's Python side.
_OF_THE_COMPILER: Final = re.compile(
    r"tvm/lib/(lib)?tvm_compiler.*|tvm/lib/.*\.lib"
    r"|tvm/(3rdparty|cmake|include|lib64|relax|src|web)/.*|tvm/(CMakeLists\.txt|README\.md)"
)
#: Of the dist-info: the rest says how another wheel was built and repaired.
_KEPT: Final = ("entry_points.txt", "top_level.txt")


def runtime_only(wheel: WheelFile) -> WheelFile:
    """Return the wheel without the compiler. Its libraries stay as they are, CUDA's among them.

    Raises ``FailedError`` where it is not apache-tvm.
    """
    if canonicalize_name(wheel.name) != _PROJECT:
        raise FailedError(
            f"{wheel.filename} is not {_PROJECT}", remedy="ask the package index for that project"
        )
    version = f"{wheel.version}{'.' if '+' in wheel.version else '+'}{LABEL}"
    files = {p: data for p, data in wheel.files.items() if not _OF_THE_COMPILER.fullmatch(p)}
    files["tvm/relax/__init__.py"] = _refusal(version)
    headers = {
        "Version": [version],
        "Summary": ["Apache TVM: the runtime alone of the official wheel, for mlc-llm"],
    }
    info = {n: d for n, d in wheel.info.items() if n in _KEPT or n.startswith("licenses/")}
    info["METADATA"] = with_headers(wheel.info["METADATA"], headers)
    return replace(wheel, version=version, files=files, info=info)


def _refusal(version: str) -> bytes:
    """Return a ``tvm.relax`` that says why it is not there."""
    why = (
        f"TVM's compiler is not in this chat-only set (apache-tvm {version}): "
        'pip install "mlc-llm[compile]" brings it'
    )
    title = '"""TVM\'s compiler, which this set leaves out."""'
    return f"{title}\n\nraise ImportError({why!r})\n".encode()
