"""What defines a symbol at run time: companions (as installed for the build) or the process."""

from __future__ import annotations

import ctypes
from importlib import metadata
from typing import TYPE_CHECKING

from mlcbuild.builder.expectation import library_stem
from mlcbuild.elf import MAGIC, read_elf
from mlcbuild.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


def companion_exports(companions: Mapping[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
    """Return library stem -> exported symbols, for every ELF library installed here.

    A companion that is missing from the build environment, or built for another system, is skipped:
    its symbols are unknown.
    """
    found: dict[str, frozenset[str]] = {}
    for distribution, stems in companions.items():
        try:
            files = metadata.files(distribution) or []
        except metadata.PackageNotFoundError:
            continue
        for file in files:
            stem = library_stem(file.name)
            if stem in stems and stem not in found:
                try:
                    data = file.locate().read_bytes()  # type: ignore[attr-defined]  # a Path
                    if data.startswith(MAGIC):
                        found[stem] = read_elf(file.name, data).exports
                except (OSError, InputError):
                    continue
    return found


def is_process_symbol(name: str) -> bool:
    """Return whether a plain Python process defines a symbol: Python's, or the C library's.

    Symbols of libdl and libpthread are found without naming these libraries.
    """
    if name.startswith(("Py", "_Py")):
        return True
    try:
        return hasattr(ctypes.CDLL(None), name)
    except (OSError, TypeError):  # not on Windows
        return False
