"""What device code a model library holds, read from its bytes.

TVM stores the code of a device as a module inside the library. A fatbin of CUDA says for which
architectures it has machine code (SASS) and which it leaves to the driver's compiler (PTX); SPIR-V
has a magic number; OpenCL is always source, compiled by the user's driver.
Sources: the header of a fatbin as binutils' and LLVM's tools read it; SPIR-V specification 2.3.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

__all__ = ["DeviceCode", "read_device_code"]

_FATBIN: Final = b"\x50\xed\x55\xba"
_SPIRV: Final = b"\x03\x02\x23\x07"
_PTX, _MACHINE_CODE = 1, 2
#: Offsets in a fatbin entry: kind, header size, data size, architecture.
_ENTRY: Final = struct.Struct("<HHIQ")
_ARCHITECTURE_AT: Final = 28


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceCode:
    """``sass`` and ``ptx`` are architectures (90 for sm_90); ``spirv`` counts shaders."""

    sass: tuple[int, ...] = ()
    ptx: tuple[int, ...] = ()
    spirv: int = 0
    #: CUDA or OpenCL source, which the user's machine would have to compile.
    source: bool = False


def read_device_code(data: bytes) -> DeviceCode:
    """Find device code in a library's bytes; never raises for damaged code."""
    sass: set[int] = set()
    ptx: set[int] = set()
    at = data.find(_FATBIN)
    while at >= 0:
        for kind, architecture in _entries(data, at):
            (sass if kind == _MACHINE_CODE else ptx).add(architecture)
        at = data.find(_FATBIN, at + 4)
    return DeviceCode(
        sass=tuple(sorted(sass)),
        ptx=tuple(sorted(ptx)),
        spirv=data.count(_SPIRV),
        source=b'extern "C" __global__' in data or b"__kernel void" in data,
    )


def _entries(data: bytes, at: int) -> list[tuple[int, int]]:
    """Return (kind, architecture) of each entry of the fatbin at ``at``."""
    if at + 16 > len(data):
        return []
    header, size = struct.unpack_from("<HQ", data, at + 6)
    position, end = at + header, min(at + header + size, len(data))
    found = []
    while position + _ARCHITECTURE_AT + 4 <= end:
        kind, _, entry_header, entry_size = _ENTRY.unpack_from(data, position)
        if kind not in (_PTX, _MACHINE_CODE) or entry_header < _ARCHITECTURE_AT:
            break
        (architecture,) = struct.unpack_from("<I", data, position + _ARCHITECTURE_AT)
        found.append((kind, architecture))
        position += entry_header + entry_size
    return found
