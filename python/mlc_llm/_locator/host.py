"""What the running interpreter is: its machine, its library names, its image format."""

from __future__ import annotations

import os
import sys

__all__ = ["Host", "this_host"]

_ALIASES = {"amd64": "x86_64", "aarch64": "arm64", "i386": "x86", "i686": "x86"}
_NAMES = {"windows": ("", ".dll"), "macos": ("lib", ".dylib"), "elf": ("lib", ".so")}
_FORMATS = {"windows": "pe", "macos": "mach-o", "elf": "elf"}


class Host:
    """One kind of process that can load a library.

    ``system`` is ``windows``, ``macos`` or ``elf`` (Linux, FreeBSD); ``image_format`` is the only
    format it loads: ``pe``, ``mach-o`` or ``elf``.
    """

    __slots__ = ("image_format", "machine", "prefix", "suffix", "system")

    def __init__(self, system: str, machine: str) -> None:
        self.system = system
        self.machine = machine
        self.image_format = _FORMATS[system]
        self.prefix, self.suffix = _NAMES[system]

    def file_name(self, name: str) -> str:
        """``mlc_llm`` -> ``mlc_llm.dll``, ``libmlc_llm.dylib`` or ``libmlc_llm.so``."""
        return self.prefix + name + self.suffix


def this_host() -> Host:
    """Describe the running interpreter (not the machine: a 32-bit Python needs 32-bit files)."""
    if sys.platform == "win32":
        built = sys.version.lower()  # it ends in the compiler's "[... 64 bit (AMD64)]"
        known = {"(amd64)": "x86_64", "(arm64)": "arm64", "(arm)": "arm"}
        machine = next((name for mark, name in known.items() if mark in built), "x86")
        return Host("windows", machine)
    machine = os.uname().machine.lower()
    machine = _ALIASES.get(machine, machine)
    if sys.maxsize < 1 << 32:
        machine = {"x86_64": "x86", "arm64": "arm"}.get(machine, machine)
    return Host("macos" if sys.platform == "darwin" else "elf", machine)
