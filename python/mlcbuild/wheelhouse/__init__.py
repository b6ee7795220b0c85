"""A folder of Windows wheels made on Linux, consistent with one another (docs/windows-wheel.md).

MinGW's C++ ABI is not MSVC's, so our ``mlc_llm`` cannot use the libraries in PyPI's ``apache-tvm``
and ``apache-tvm-ffi``. Their Python is as good as ever: ``repack`` puts our libraries in, under a
version that names the variant, and ``make`` gathers everything else that pip will ask for.
"""

from __future__ import annotations

__all__: list[str] = []
