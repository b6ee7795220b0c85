"""How ``mlc_llm`` finds, judges and loads its native libraries. Standard library only.

``mlc_llm.libinfo`` is the public side; docs/locator.md has the rules. Here is what this process is
and what it was started for. Every import of mlc_llm pays a quarter of a millisecond for each module
that it takes: facts are plain classes, because a dataclass takes a millisecond to make.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    _Function = TypeVar("_Function")

__all__ = ["PACKAGE", "Host", "asked", "help_asked", "register_nothing", "this_host"]

#: The folder of the package that this one is part of.
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_ALIASES = {"amd64": "x86_64", "aarch64": "arm64", "i386": "x86", "i686": "x86"}
_NAMES = {"windows": ("", ".dll"), "macos": ("lib", ".dylib"), "elf": ("lib", ".so")}
_FORMATS = {"windows": "pe", "macos": "mach-o", "elf": "elf"}

#: The module that ``python -m`` asks about the libraries.
_MODULE = "mlc_llm.libinfo"


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


def asked() -> bool:
    """Return True while Python looks for ``-m mlc_llm.libinfo``.

    Python imports the package before the module that ``-m`` names. For that one question the
    package must not load anything: a completely broken install has to answer it too.

    ``sys.argv[0]`` is ``-m`` only until the module is found; ``sys.orig_argv`` has the command.
    """
    if sys.argv[:1] != ["-m"]:
        return False
    module = sys.orig_argv[-len(sys.argv)]  # what follows it are the program's arguments
    return module == _MODULE or (module.startswith("-") and module.endswith(f"m{_MODULE}"))


def help_asked() -> bool:
    """Return True where the command line of mlc_llm is asked for its help."""
    if not {"-h", "--help"}.intersection(sys.argv[1:]):
        return False
    if sys.argv[0] == "-m":
        return sys.orig_argv[-len(sys.argv)] in ("mlc_llm", "-mmlc_llm")
    name = sys.argv[0].replace("\\", "/").rpartition("/")[2]
    return name.partition(".")[0].removesuffix("-script") == "mlc_llm"


def register_nothing(*_: object, **__: object) -> Callable[[_Function], _Function]:
    """Stand in for ``tvm.register_global_func`` where TVM is not loaded."""
    return lambda function: function
