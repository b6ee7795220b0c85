"""Say why TVM cannot compile: it falls back to its runtime alone and does not tell anybody.

TVM's start swallows every error of ``tvm_compiler``. Chat and serve do not need it; whoever asks
for compilation does, and gets a missing attribute from the depths instead of the reason.
"""

from __future__ import annotations

import os

from mlc_llm._locator.errors import LibraryLoadError
from mlc_llm._locator.fixes import unset
from mlc_llm._locator.installed import version
from mlc_llm._locator.records import read_stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mlc_llm._locator import Host

__all__ = ["fell_back", "why_no_compiler"]


def fell_back(tvm: Any, environment: Mapping[str, str]) -> bool:  # noqa: ANN401 - a module
    """Return whether TVM runs without its compiler although nobody asked for that."""
    runtime_only = getattr(tvm.base, "_RUNTIME_ONLY", False)
    return bool(runtime_only) and environment.get("TVM_USE_RUNTIME_LIB") != "1"


def why_no_compiler(
    tvm: Any,  # noqa: ANN401 - a module
    host: Host,
    environment: Mapping[str, str],
) -> LibraryLoadError | None:
    """Return the error that TVM swallowed, made clear; None where the compiler is loaded."""
    if "tvm_compiler" in getattr(tvm.base, "_LOADED_LIBS", {}):
        return None
    if not fell_back(tvm, environment):
        if not getattr(tvm.base, "_RUNTIME_ONLY", False):
            return None
        return LibraryLoadError(
            "compiling needs TVM's compiler, and TVM_USE_RUNTIME_LIB=1 leaves it out",
            cause="no-compiler",
            fix=unset("TVM_USE_RUNTIME_LIB"),
        )
    path = os.path.join(
        os.path.dirname(os.path.abspath(tvm.__file__)), "lib", host.file_name("tvm_compiler")
    )
    return _load_again(path, host) if os.path.isfile(path) else _absent(path)


def _absent(path: str) -> LibraryLoadError:
    """Say where the compiler is to be had: each kind of chat-only install has another answer."""
    installed = version("tvm") or ""
    if installed.endswith("+mlcbuild.runtime"):
        return LibraryLoadError(
            "TVM's compiler is not in this chat-only install",
            path=path,
            cause="no-compiler",
            fix='pip install "mlc-llm[compile]"',
        )
    if read_stamp(os.path.dirname(os.path.dirname(path))):  # repacked: mlcbuild.wheelhouse
        return LibraryLoadError(
            "TVM's compiler is not in this chat-only set",
            path=path,
            cause="no-compiler",
            fix="compile where a full TVM is, for instance on Linux: "
            "mlcbuild model MODEL --target win_amd64 -o lib.dll",
        )
    return LibraryLoadError(
        "compiling needs TVM's compiler, which the installed tvm does not have",
        path=path,
        cause="no-compiler",
        fix=f"pip install --force-reinstall --no-deps apache-tvm=={installed}",
    )


def _load_again(path: str, host: Host) -> LibraryLoadError:
    """Load the compiler as TVM did, to see the error that it swallowed."""
    import ctypes  # noqa: PLC0415

    from mlc_llm._locator.explain import explain  # noqa: PLC0415

    try:
        ctypes.CDLL(path)
    except OSError as error:
        found = explain(error, path, host)
        return LibraryLoadError(
            f"TVM runs without its compiler: {found.reason}",
            path=path,
            culprit=found.culprit,
            cause=found.cause,
            fix=found.fix,
            winerror=found.winerror,
            details=found.details,
        )
    return LibraryLoadError(
        "TVM started without its compiler, which can be loaded by now",
        path=path,
        cause="no-compiler",
        fix="start Python again",
    )
