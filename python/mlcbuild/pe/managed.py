""".NET assemblies: a 32-bit header there does not mean 32-bit code."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.pe.headers import Headers

COM_DESCRIPTOR: Final = 14
#: CorHdr.h: only IL, and bound to 32 bits (``x86`` as platform).
IL_ONLY: Final = 0x1
REQUIRES_32_BITS: Final = 0x2


def is_portable_managed(headers: Headers) -> bool:
    """Return whether the image contains only IL ("Any CPU"): any process loads it, through .NET."""
    directory = headers.directory(COM_DESCRIPTOR)
    head = headers.view(directory.rva, 20) if directory else b""
    if len(head) < 20:  # noqa: PLR2004
        return False
    flags: int = struct.unpack_from("<I", head, 16)[0]
    return flags & (IL_ONLY | REQUIRES_32_BITS) == IL_ONLY
