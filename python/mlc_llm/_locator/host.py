"""What the running interpreter is: its machine, its library names, its image format."""

from __future__ import annotations

import os
import struct
import sys
from typing import NamedTuple

__all__ = ["Host", "this_host"]

_ALIASES = {"amd64": "x86_64", "aarch64": "arm64", "i386": "x86", "i686": "x86", "win32": "x86"}


class Host(NamedTuple):
    """One kind of process that can load a library."""

    #: ``windows``, ``macos`` or ``elf`` (Linux, FreeBSD).
    system: str
    machine: str

    @property
    def image_format(self) -> str:
        """The only library format this host loads."""
        return {"windows": "pe", "macos": "mach-o"}.get(self.system, "elf")

    def file_name(self, name: str) -> str:
        """``mlc_llm`` -> ``mlc_llm.dll``, ``libmlc_llm.dylib`` or ``libmlc_llm.so``."""
        if self.system == "windows":
            return f"{name}.dll"
        return f"lib{name}.dylib" if self.system == "macos" else f"lib{name}.so"


def this_host() -> Host:
    """Describe the running interpreter (not the machine: a 32-bit Python needs 32-bit files)."""
    if sys.platform == "win32":
        import sysconfig  # noqa: PLC0415 - 2 ms that other systems need not pay

        name = sysconfig.get_platform().removeprefix("win-")
        return Host(system="windows", machine=_ALIASES.get(name, name))
    machine = os.uname().machine.lower()
    machine = _ALIASES.get(machine, machine)
    if struct.calcsize("P") == 4:  # noqa: PLR2004 - bytes of a 32-bit pointer
        machine = {"x86_64": "x86", "arm64": "arm"}.get(machine, machine)
    return Host(system="macos" if sys.platform == "darwin" else "elf", machine=machine)
