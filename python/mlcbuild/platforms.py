"""The platforms: each machine under all the names that its tools have for it.

The one home of these names: a table of another module is made from here, and
``tests/facts/test_one_home.py`` fails where one is written out again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

#: Our own names, as of an image. ``arm64ec`` and ``arm64x`` are decided by the load config's CHPE
#: metadata, not by the header.
Machine = Literal["x86", "x86_64", "arm64", "arm64ec", "arm64x", "arm", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Platform:
    """One Windows platform; every field is what one tool calls it."""

    #: A wheel's platform tag. sysconfig has it with a hyphen.
    tag: str
    #: Our own name, as of an image.
    machine: Machine
    #: The machines of the images that a wheel with this tag may hold.
    images: frozenset[Machine]
    #: ``-A`` of CMake and MSBuild.
    cmake: str
    #: ``platform.machine()`` and PROCESSOR_ARCHITECTURE.
    processor: str
    #: The first word of the triples of Rust and LLVM, and xwin's folder.
    llvm: str
    #: vcvarsall.bat's word.
    vcvars: str
    #: Microsoft's folders of libraries and redistributables, and the linker's ``/machine:``.
    folder: str
    #: IMAGE_FILE_MACHINE_* of the PE format.
    coff: int

    @property
    def sysconfig(self) -> str:
        """``sysconfig.get_platform()``: ``win-amd64``."""
        return self.tag.replace("_", "-")

    @property
    def triple(self) -> str:
        """The triple of Rust, LLVM and uv."""
        return f"{self.llvm}-pc-windows-msvc"


WINDOWS_AMD64: Final = Platform(
    tag="win_amd64",
    machine="x86_64",
    images=frozenset({"x86_64"}),
    cmake="x64",
    processor="AMD64",
    llvm="x86_64",
    vcvars="amd64",
    folder="x64",
    coff=0x8664,
)
WINDOWS_ARM64: Final = Platform(
    tag="win_arm64",
    machine="arm64",
    images=frozenset({"arm64", "arm64ec", "arm64x"}),
    cmake="ARM64",
    processor="ARM64",
    llvm="aarch64",
    vcvars="arm64",
    folder="arm64",
    coff=0xAA64,
)
WINDOWS_X86: Final = Platform(
    tag="win32",
    machine="x86",
    images=frozenset({"x86"}),
    cmake="Win32",
    processor="x86",
    llvm="i686",
    vcvars="x86",
    folder="x86",
    coff=0x14C,
)
#: By wheel tag.
WINDOWS: Final = {each.tag: each for each in (WINDOWS_AMD64, WINDOWS_ARM64, WINDOWS_X86)}
#: What is built for on another system.
CROSS: Final = (WINDOWS_AMD64, WINDOWS_ARM64)
#: The tags by name, for where one stands alone.
AMD64: Final = WINDOWS_AMD64.tag
ARM64: Final = WINDOWS_ARM64.tag

#: The triple of Linux, without a version of the C library.
LINUX_TRIPLE: Final = "x86_64-linux-gnu"

#: Every spelling of a processor (Python's, Windows', compilers'), folded -> our name.
MACHINES: Final[dict[str, Machine]] = {
    **{
        name.casefold(): each.machine
        for each in WINDOWS.values()
        for name in (each.sysconfig, each.processor, each.cmake, each.llvm, each.machine)
    },
    "arm64ec": "arm64ec",
    "i386": "x86",
}


def by_tag(tag: str) -> Platform | None:
    """Return the platform of a wheel's tag or of sysconfig's name; None for another system's."""
    return WINDOWS.get(tag.replace("-", "_"))


def by_cmake(name: str) -> Platform | None:
    """Return the platform that CMake's ``-A`` names."""
    return next((each for each in WINDOWS.values() if each.cmake == name), None)


def by_machine(machine: str) -> Platform:
    """Return the platform of one of our names of a machine. It is one of ``WINDOWS``."""
    return next(each for each in WINDOWS.values() if each.machine == machine)
