"""What the standard library raises for a zip that is damaged, encrypted or made to mislead."""

from __future__ import annotations

import csv
import struct
import zipfile
import zlib
from typing import Final

#: ``RuntimeError`` is encryption, ``NotImplementedError`` a packing method, ``KeyError`` an absent
#: member, ``ValueError`` text that is no UTF-8; ``csv.Error`` is a RECORD that is no table.
ZIP_FAULTS: Final = (
    OSError,
    EOFError,
    KeyError,
    RuntimeError,
    ValueError,
    csv.Error,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
