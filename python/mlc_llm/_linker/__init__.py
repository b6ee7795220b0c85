"""The link step of a model library for Windows. Standard library only.

TVM's own calls clang, which needs Visual Studio beside it. A model library needs neither: its
object files call nothing but tvm_ffi's C functions and the C runtime, so lld-link and one small
import library are enough.
"""

from __future__ import annotations

__all__: list[str] = []
