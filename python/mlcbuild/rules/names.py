"""Names of DLLs: the base name, whether a repair tool mangled it, and the families that rules use.

Repair tools rename a bundled DLL to ``stem-<hash>.dll`` so that no other copy in the process can
replace it. A mangled copy is judged by its stem. ``mlcbuild.loader.policy`` lists what
provides which DLL.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from mlcbuild.msvc import MSVCP, UCRT, UCRT_SETS
from mlcbuild.pe.crt import unmangled

if TYPE_CHECKING:
    from mlcbuild.loader.policy import Provider

_OPENMP: Final = {
    "libiomp5md.dll": "kmp",
    "libomp.dll": "kmp",
    "libomp140.x86_64.dll": "kmp",
    "libomp140.i386.dll": "kmp",
    "libomp140.aarch64.dll": "kmp",
    "libgomp-1.dll": "gomp",
    "vcomp140.dll": "vcomp",
}


def base_name(path: str) -> str:
    """Return the last component of a path, as the loader compares it: case-folded."""
    return path.replace("\\", "/").rpartition("/")[2].casefold()


@lru_cache(maxsize=4096)
def original_name(path: str) -> str:
    """Return the base name that a DLL had before a repair tool mangled it."""
    return unmangled(base_name(path))


def is_mangled(path: str) -> bool:
    """Return whether a repair tool renamed this DLL."""
    return original_name(path) != base_name(path)


def is_runtime(path: str) -> bool:
    """Return whether this is, un-mangled, a release runtime of Visual C++ 2015+ or the UCRT."""
    name = base_name(path)
    if name == UCRT or name.startswith(UCRT_SETS):
        return True
    provider = _provider(name)
    # OpenMP and the class libraries have their own rules and uses.
    other = name.startswith(("vcomp", "mfc", "vcamp"))
    return provider is not None and provider.kind == "redist" and not other


def is_debug_runtime(path: str) -> bool:
    """Return whether this is a debug runtime, mangled or not."""
    provider = _provider(original_name(path))
    return provider is not None and provider.kind == "debug"


def is_msvcp140(path: str) -> bool:
    """Return whether this is the C++ library, mangled or not."""
    return original_name(path) == MSVCP


def openmp_family(path: str) -> str | None:
    """Return ``kmp`` (Intel and LLVM, which abort on duplicates), ``gomp``, ``vcomp`` or None."""
    return _OPENMP.get(original_name(path))


def _provider(name: str) -> Provider | None:
    from mlcbuild.loader.policy import provider_of  # noqa: PLC0415 - the whole model comes along

    return provider_of(name)
