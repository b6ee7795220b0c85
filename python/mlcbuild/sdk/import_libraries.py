"""The import libraries of the free SDK, from the exports that ``mlcbuild check`` knows. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.loader.systemdata import builtin_system
from mlcbuild.msvc import UCRT, UCRT_SETS, VCRUNTIME, VCRUNTIME_1
from mlcbuild.pe.import_library import import_library

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlcbuild.platforms import Machine

#: The second is only for x64: it has that machine's exception handler.
_VCRUNTIME: Final[dict[Machine, tuple[str, ...]]] = {
    "x86_64": (VCRUNTIME, VCRUNTIME_1),
    "arm64": (VCRUNTIME,),
}
_MSVCP: Final = tuple(
    f"msvcp140{part}.dll" for part in ("", "_1", "_2", "_atomic_wait", "_codecvt_ids")
)
#: For Windows itself, not for programs: duplicates of vcruntime140.dll, and the ``_o_`` variants.
_PRIVATE_SET: Final = "api-ms-win-crt-private-"
#: Libraries named differently from their DLL.
_OTHER_NAMES: Final = {
    "winspool.lib": "winspool.drv",
    "synchronization.lib": "api-ms-win-core-synch-l1-2-0.dll",
}
#: Linked by compilers or CMake for every target, without imports: old names of C functions, and
#: the identifiers of COM's interfaces.
_EMPTY: Final = ("oldnames.lib", "uuid.lib")
#: Linked statically (``free/runtime``), although ntdll.dll or kernel32.dll export them too.
_STATIC: Final = frozenset({"__chkstk", "_fltused"})


def crt_libraries(machine: Machine) -> dict[str, bytes]:
    """Return the libraries of the C and C++ runtime by file name."""
    lists: dict[str, Mapping[str, Iterable[str]]] = {
        "vcruntime.lib": {dll: _names(dll, machine) for dll in _VCRUNTIME[machine]},
        "msvcprt.lib": {dll: _names(dll, machine) for dll in _MSVCP},
        "ucrt.lib": _ucrt(machine),
    }
    return {
        **{name: import_library(exports, machine) for name, exports in lists.items()},
        **{name: import_library({}, machine) for name in _EMPTY},
    }


def system_libraries(machine: Machine) -> dict[str, bytes]:
    """Return the libraries of Windows' own DLLs by file name.

    Without functions that the C runtime exports too: ntdll.dll has a memcpy, and would come first
    where a project names it.
    """
    of_crt = set(_STATIC)
    of_crt |= {name for names in _ucrt(machine).values() for name in names}
    of_crt |= {name for dll in _VCRUNTIME[machine] for name in _names(dll, machine)}
    dlls = {f"{dll.removesuffix('.dll')}.lib": dll for dll in builtin_system().windows_dlls()}
    return {
        name: import_library({dll: sorted(_names(dll, machine) - of_crt)}, machine)
        for name, dll in (dlls | _OTHER_NAMES).items()
    }


def _ucrt(machine: Machine) -> dict[str, Iterable[str]]:
    """Return API set -> functions, as in Microsoft's ucrt.lib; the rest by host DLL."""
    taken = {name for dll in _VCRUNTIME[machine] for name in _names(dll, machine)}
    found: dict[str, Iterable[str]] = {}
    for dll in sorted(builtin_system().listed(UCRT_SETS)):
        if not dll.startswith(_PRIVATE_SET):
            found[dll] = sorted(_names(dll, machine) - taken)
    found[UCRT] = sorted(_own(_names(UCRT, machine) - taken))
    return found


def _own(names: set[str]) -> Iterator[str]:
    return (name for name in names if not name.startswith("_o_"))


def _names(dll: str, machine: Machine) -> set[str]:
    return set(builtin_system().exports(dll, machine))
