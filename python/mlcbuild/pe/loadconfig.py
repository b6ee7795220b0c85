"""The load configuration: where dependencies are searched, and ARM64EC/ARM64X metadata."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.pe.headers import Headers

LOAD_CONFIG: Final = 10
#: Offsets in IMAGE_LOAD_CONFIG_DIRECTORY (winnt.h): DependentLoadFlags for 32 and 64 bits, and
#: CHPEMetadataPointer of the 64-bit form.
DEPENDENT_32: Final = 54
DEPENDENT_64: Final = 78
CHPE_64: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadConfig:
    """The two fields that change how an image loads. ``chpe``: it has ARM64EC metadata."""

    dependent_load_flags: int = 0
    chpe: bool = False


def read_load_config(headers: Headers) -> tuple[LoadConfig, list[str]]:
    """Read the directory as far as its own size field reaches. Returns it and its defects."""
    directory = headers.directory(LOAD_CONFIG)
    if directory is None:
        return LoadConfig(), []
    view = headers.view(directory.rva, CHPE_64 + 8)
    if len(view) < 4:  # noqa: PLR2004
        return LoadConfig(), ["the load configuration is outside the image"]
    # The structure's first field is its size: older toolsets wrote shorter ones.
    view = view[: struct.unpack_from("<I", view)[0]]
    wide = headers.bits == 64  # noqa: PLR2004
    at = DEPENDENT_64 if wide else DEPENDENT_32
    flags = struct.unpack_from("<H", view, at)[0] if len(view) >= at + 2 else 0
    chpe = wide and len(view) >= CHPE_64 + 8 and struct.unpack_from("<Q", view, CHPE_64)[0] != 0
    return LoadConfig(dependent_load_flags=flags, chpe=chpe), []
