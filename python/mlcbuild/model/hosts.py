"""The machines that a model library is compiled for."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final

from mlcbuild.platforms import AMD64, LINUX_TRIPLE, WINDOWS_AMD64

__all__ = ["CPU", "HOSTS", "Host", "this_host"]

#: What every x86-64 processor since 2009 has. LLVM's name.
CPU: Final = "x86-64-v2"


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """One system: ``triple`` as LLVM spells it, ``suffix`` of its libraries."""

    name: str
    triple: str
    suffix: str


HOSTS: Final = {
    host.name: host
    for host in (
        Host(name="linux", triple=LINUX_TRIPLE, suffix=".so"),
        Host(name=AMD64, triple=WINDOWS_AMD64.triple, suffix=".dll"),
    )
}


def this_host() -> str:
    """Return the name of the system that this runs on."""
    return AMD64 if sys.platform == "win32" else "linux"
