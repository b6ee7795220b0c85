"""The DLLs of every user's Windows, which the wheel need not contain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

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
