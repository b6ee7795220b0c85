"""Who defines a symbol at run time: companions (the copies built against), the process itself."""

from __future__ import annotations

import ctypes
from importlib import metadata
from typing import TYPE_CHECKING

from mlcbuild.builder.expectation import library_stem
from mlcbuild.elf import MAGIC, read_elf
from mlcbuild.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["companion_exports", "is_process_symbol"]


def companion_exports(companions: Mapping[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
    """Return library stem -> exported symbols, for every ELF library that is installed here.

    A companion that the build environment lacks, or that is built for another system, is left out:
    nothing is known of it.
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
    """Say whether a bare Python process defines a symbol: Python's own, and all of the C library.

    A library need not name libdl or libpthread to find their symbols there.
    """
    if name.startswith(("Py", "_Py")):
        return True
    try:
        return hasattr(ctypes.CDLL(None), name)
    except (OSError, TypeError):  # Windows has no such handle
        return False
