"""Which files of a package Windows loads as images, and the format of the others."""

from __future__ import annotations

from typing import Final

#: Suffixes under which Windows, Python and Node load images.
_SUFFIXES: Final = (
    ".dll",
    ".pyd",
    ".exe",
    ".node",
    ".ocx",
    ".cpl",
    ".drv",
    ".ax",
    ".xll",
    ".sys",
)
#: First bytes -> whose format it is.
_FOREIGN: Final = {
    b"\x7fELF": "an ELF file (Linux, Android)",
    b"\xcf\xfa\xed\xfe": "a Mach-O file (macOS)",
    b"\xce\xfa\xed\xfe": "a Mach-O file (macOS)",
    b"\xca\xfe\xba\xbe": "a universal Mach-O file (macOS)",
    b"!<arch>\n": "a static or import library (.lib, .a)",
    b"PK\x03\x04": "a zip",
}


def is_native_name(path: str) -> bool:
    """Return whether Windows would load a file of this name as an image."""
    return path.lower().endswith(_SUFFIXES)


def foreign_format(head: bytes) -> str | None:
    """Name the format of a file that is not a Windows image from its first bytes.

    None if unknown.
    """
    return next((word for magic, word in _FOREIGN.items() if head.startswith(magic)), None)
