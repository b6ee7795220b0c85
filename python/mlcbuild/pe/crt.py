"""Which C runtime an image uses, from the names and symbols it imports."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.pe.facts import Crt, ImportedDll

#: Base names, without ``.dll``, of the DLLs of ``/MDd`` (and its C++, concurrency, OpenMP and MFC
#: companions). Never on a user's PC.
DEBUG_CRT: Final = (
    r"(?:msvcp|msvcr|vcruntime|concrt|vccorlib|vcomp|vcamp|atl)\d{2,3}(?:_\d|_clr0400)?d"
    r"|vcruntime140_threadsd|msvcrtd|ucrtbased|libomp140d\..*"
    r"|msvcp140d?_(?:atomic_wait|codecvt_ids)d|msvcp140d_(?:\d|atomic_wait|codecvt_ids)"
    r"|mfcm?\d{2,3}u?d"
)
_DEBUG: Final = re.compile(rf"(?:{DEBUG_CRT})\.dll")
_MSVC: Final = re.compile(
    r"(msvc[rp]\d+(_\w+)?|vcruntime\d+(_\w+)?|concrt\d+|vccorlib\d+|mfcm?\d+u?)\.dll"
)
_UCRT: Final = re.compile(r"(ucrtbase|api-ms-win-crt-[\w-]+)\.dll")
#: What delvewheel puts between a DLL's name and its ending: 8 (old ones) to 64 hexadecimal digits.
_HASH: Final = re.compile(r"(?<=.)-[0-9a-f]{8,64}(?=\.\w+$)")
#: What the start-up code of ``/MT`` asks of kernel32, whatever the program does.
_STATIC_HINTS: Final = frozenset({"GetCPInfo", "GetACP", "FreeEnvironmentStringsW"})


def unmangled(name: str) -> str:
    """Return a DLL's name in lower case, without the hash that delvewheel adds."""
    return _HASH.sub("", name.casefold())


def is_debug_crt(name: str) -> bool:
    """Say whether a DLL is one of MSVC's debug runtimes (mangled or not)."""
    return _DEBUG.fullmatch(unmangled(name)) is not None


def find_crt(imports: Iterable[ImportedDll], producer: str) -> Crt:
    """Name the C runtime; see ``facts.Crt``. Delayed imports count: their code is called too."""
    names = set()
    symbols: set[str | None] = set()
    for dll in imports:
        names.add(unmangled(dll.name))
        if dll.name.casefold() == "kernel32.dll":
            symbols.update(symbol.name for symbol in dll.symbols)
    if any(_DEBUG.fullmatch(name) for name in names):
        return "debug"
    if any(_MSVC.fullmatch(name) for name in names):
        return "dynamic"
    if any(_UCRT.fullmatch(name) for name in names):
        return "ucrt" if producer in {"gnu", "zig", "go"} else "dynamic"
    if "msvcrt.dll" in names or "crtdll.dll" in names:
        return "msvcrt"
    if producer not in {"gnu", "go"} and symbols & _STATIC_HINTS:
        return "static"
    return "none"
