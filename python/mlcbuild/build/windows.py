"""Which DLLs every Windows has: what the gate need not find in the wheel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlcbuild.loader.policy import provider_of

if TYPE_CHECKING:
    from mlcbuild.pe.facts import Machine

__all__ = ["is_system_dll"]

#: What Python itself ships beside its executable.
_PYTHON: Final = re.compile(r"python3\d*t?\.dll|vcruntime140(_1)?\.dll")


def is_system_dll(name: str, machine: Machine) -> bool:
    """Say whether Windows, Python or the Microsoft C++ redistributable brings this DLL.

    A driver's DLL is not one of them: a machine without the device lacks it.
    """
    del machine  # the names are the same on all
    base = name.casefold()
    if _PYTHON.fullmatch(base):
        return True
    provider = provider_of(base)
    if provider is not None:
        return provider.kind in ("redist", "optional")
    return base.startswith(("api-ms-win-", "ext-ms-win-")) or base in _SYSTEM


_SYSTEM: Final = frozenset(
    f"{name}.dll"
    for name in re.findall(
        r"\w+",
        "advapi32 bcrypt bcryptprimitives crypt32 dbghelp gdi32 imm32 iphlpapi kernel32 msvcrt "
        "ntdll ole32 oleaut32 powrprof psapi rpcrt4 secur32 setupapi shell32 shlwapi "
        "synchronization ucrtbase user32 userenv version winmm ws2_32",
    )
)
