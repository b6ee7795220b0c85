"""What Windows, Python and the companions of a wheel provide."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Final

from mlcbuild.builder.expectation import library_stem
from mlcbuild.elf import MAGIC, read_elf
from mlcbuild.errors import InputError
from mlcbuild.loader.policy import provider_of
from mlcbuild.loader.systemdata import builtin_system

if TYPE_CHECKING:
    from mlcbuild.platforms import Machine

#: DLLs that Python ships next to its executable.
_PYTHON: Final = re.compile(r"python3\d*t?\.dll|vcruntime140(_1)?\.dll")


def is_system_dll(name: str, machine: Machine) -> bool:
    """Return whether Windows, Python or the Microsoft C++ redistributable provides this DLL.

    Uses the data of ``mlcbuild check``. DLLs of drivers and of older redistributables do not count:
    a machine may lack them.
    """
    base = name.casefold()
    if _PYTHON.fullmatch(base):
        return True
    provider = provider_of(base)
    if provider is not None and provider.kind in ("driver", "debug", "old-redist"):
        return False
    system = builtin_system()
    if base.startswith(("api-", "ext-")):
        return system.api_set(base) == "known"
    return system.dll(base, machine) is not None


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
