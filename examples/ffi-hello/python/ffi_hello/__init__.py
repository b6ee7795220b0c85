"""Functions of a small C++ library, over any DLPack tensor and over strings."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

import tvm_ffi

if TYPE_CHECKING:
    from typing import Any

__all__ = ["axpy", "count_words", "total"]

_NAMES = {"win32": "ffi_hello.dll", "darwin": "libffi_hello.dylib"}

# The library lies beside this file, or where an editable install keeps what it built. Importing
# tvm_ffi has loaded libtvm_ffi, which ours needs, into the process already.
_kept = ExitStack()
_library = tvm_ffi.load_module(
    _kept.enter_context(
        as_file(files(__name__).joinpath(_NAMES.get(sys.platform, "libffi_hello.so")))
    )
)


def axpy(a: float, x: Any, y: Any) -> None:
    """Add ``a * x`` to ``y`` in place.

    ``x`` and ``y`` are contiguous float32 tensors on the CPU, of the same number of elements.
    Raises ``TypeError`` or ``ValueError`` where they are not.
    """
    _library.axpy(a, tvm_ffi.from_dlpack(x), tvm_ffi.from_dlpack(y))


def total(x: Any) -> float:
    """Return the sum of a contiguous float32 tensor on the CPU, in double precision."""
    return float(_library.total(tvm_ffi.from_dlpack(x)))


def count_words(text: str) -> dict[str, int]:
    """Return how often each word of ``text`` occurs; words are separated by white space."""
    return {str(word): int(count) for word, count in _library.count_words(text).items()}
