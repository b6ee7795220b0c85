"""The machines that a model library is compiled for."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final

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
        Host(name="linux", triple="x86_64-linux-gnu", suffix=".so"),
        Host(name="win_amd64", triple="x86_64-pc-windows-msvc", suffix=".dll"),
    )
}


def this_host() -> str:
    """Return the name of the system that this runs on."""
    return "win_amd64" if sys.platform == "win32" else "linux"
