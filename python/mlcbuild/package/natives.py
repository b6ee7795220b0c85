"""Which files Windows loads as images, and what to type instead of a target without any. Pure."""

from __future__ import annotations

import re
from typing import Final

from mlcbuild.errors import InputError

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


#: A project, with extras and a version perhaps: ``numpy``, ``numpy[x]>=2``.
_PROJECT: Final = re.compile(r"([A-Za-z0-9][\w.-]*?)\s*(\[[\w ,.-]*\])?\s*((?:[=<>~!]=|[<>]).*)?")
#: pathlib takes one of the two slashes.
_URL: Final = re.compile(r"(https?):/{1,2}(?=[^/])", re.IGNORECASE)
_FILES: Final = (".whl", ".dll", ".pyd", ".exe", ".so", ".dylib", ".gz", ".zip", ".toml")
_SDISTS: Final = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


def no_such_file(target: str, *, on_index: bool) -> InputError:
    """Return the error for a target that names no file; ``on_index``: ``pypi:`` works here."""
    url = _URL.match(target)
    if url:
        address = f"{url[1]}://{target[url.end() :]}"
        return InputError(f"{address}: a URL, not a file", remedy=f"curl -LO {address}, then this")
    project = _PROJECT.fullmatch(target)
    if project is None or target.casefold().endswith(_FILES):
        return InputError(f"{target}: no such file")
    if on_index:
        remedy = f"pypi:{target} is the project on PyPI, installed:{project[1]} this Python's copy"
    else:
        remedy = f'name a .whl file (pip download --no-deps "{target}" gets one)'
    return InputError(f"{target}: no such file", remedy=remedy)


def wrong_kind(target: str, found: str) -> InputError:
    """Return the error for a file that holds no Windows image; ``found`` says what it is."""
    name = target.casefold()
    if name.endswith(_SDISTS):
        return InputError(
            f"{target}: a source distribution, which has no images yet",
            remedy=f"pip wheel --no-deps {target}, then name the wheel",
        )
    if name.endswith((".so", ".dylib")) or re.search(r"\.so\.\d", name) or "Linux" in found:
        return InputError(
            f"{target}: {found or 'not a Windows image'}",
            remedy="name the .dll, the .pyd or the win_amd64 wheel of the Windows build",
        )
    if found == "a zip":
        return InputError(f"{target}: a zip", remedy="unpack it and name the folder")
    return InputError(
        f"{target}: {found or 'not a Windows image'}",
        remedy="pass a .dll, .pyd, .exe, .whl or folder, installed:NAME or pypi:NAME",
    )
