"""Tell whether TVM allows an import without mlc_llm's library (``SKIP_LOADING_MLCLLM_SO``).

TVM refuses every class that no library has registered, unless it runs without its compiler.
"""

from __future__ import annotations

import sys

from mlc_llm._locator.errors import LibraryLoadError
from mlc_llm._locator.fixes import unset

__all__ = ["VARIABLE", "require_registered"]

VARIABLE = "SKIP_LOADING_MLCLLM_SO"


def require_registered() -> None:
    """Raise ``LibraryLoadError`` where the classes of mlc_llm would be refused, TVM imported."""
    from mlc_llm._locator.runtime import registered  # noqa: PLC0415 - with ctypes: TVM is loaded

    registry = sys.modules.get("tvm_ffi.registry")
    if registry is None or getattr(registry, "_SKIP_UNKNOWN_OBJECTS", True) or registered():
        return
    raise LibraryLoadError(
        f"{VARIABLE} is set, so that mlc_llm's library is not loaded, and TVM with its compiler "
        "refuses mlc_llm's classes without it",
        culprit=VARIABLE,
        cause="left-out",
        fix=unset(VARIABLE),
    )
