"""Read weights in the safetensors format into numpy, without torch and without a copy.

The format (its own README): 8 bytes with the length of the header, little-endian; the header, JSON
with dtype, shape and place of each tensor; then the bytes of all. The safetensors library hands
float8 to torch alone, a gigabyte that a conversion needs for nothing else.
"""

from __future__ import annotations

import json
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike
    from typing import Any

__all__ = ["read_safetensors"]

_PLAIN = {
    "BOOL": "bool",
    **{f"{kind}{bits}": f"<{kind.lower()}{bits // 8}" for kind in "IU" for bits in (8, 16, 32, 64)},
    **{f"F{bits}": f"<f{bits // 8}" for bits in (16, 32, 64)},
}
#: Types that numpy knows through ml_dtypes.
_SMALL = {
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F8_E8M0": "float8_e8m0fnu",
}


def read_safetensors(path: str | PathLike[str]) -> Iterator[tuple[str, Any]]:
    """Yield (name, array) of each tensor; the arrays are read from the file as they are used.

    Raises ``ValueError``, naming the file, for one that is not a safetensors file or is cut off.
    """
    import numpy as np  # noqa: PLC0415

    with open(path, "rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0  # noqa: PLR2004
        size = file.seek(0, 2)
        if not 0 < length <= size - 8:
            raise ValueError(f"{path} is not a safetensors file, or is cut off")
        file.seek(8)
        header = json.loads(file.read(length))
    data = np.memmap(path, mode="c", offset=8 + length) if size > 8 + length else np.empty(0, "u1")
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        kind, (begin, end) = entry["dtype"], entry["data_offsets"]
        if not 0 <= begin <= end <= len(data):
            raise ValueError(f"{path} is cut off: {name} is not whole")
        if kind in _SMALL:
            import ml_dtypes  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415

            dtype = np.dtype(getattr(ml_dtypes, _SMALL[kind]))
        elif kind in _PLAIN:
            dtype = np.dtype(_PLAIN[kind])
        else:
            raise ValueError(f"{path}: {name} is {kind}, which numpy has no type for")
        yield name, data[begin:end].view(dtype).reshape(entry["shape"])
