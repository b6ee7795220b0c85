"""Copies of the C++ and OpenMP runtimes that a Python process of this machine can load.

In the order of the loader (docs/loader-model.md): the folder of python.exe, conda's folders,
folders that packages add (unordered), System32. Files of packages are found by their RECORD.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from mlcbuild.doctor.distributions import Distribution, distributions, family, provides
from mlcbuild.doctor.installers import install
from mlcbuild.msvc import RUNTIMES
from mlcbuild.package.member import Member
from mlcbuild.platforms import CROSS, WINDOWS_AMD64, by_tag
from mlcbuild.rules.cpp_runtime import newest_toolset
from mlcbuild.rules.names import base_name, is_mangled, is_msvcp140, openmp_family

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System
    from mlcbuild.pe.facts import Image

Place = Literal["python", "conda", "package", "system"]

_OPENMP: Final = (
    "libiomp5md.dll", "libomp.dll", "libomp140.x86_64.dll", "libgomp-1.dll", "vcomp140.dll"
)  # fmt: skip
_WANTED: Final = (b"msvcp140", b"vcruntime140", b"libiomp5md", b"libomp", b"libgomp", b"vcomp140")
#: conda-forge python-feedstock, patch 0012.
_CONDA: Final = (r"Library\mingw-w64\bin", r"Library\usr\bin", r"Library\bin", "Scripts", "bin")
#: Names of the family's modules that load DLLs or add folders (docs/locator.md).
_ADDING: Final = re.compile(r"(?:^|/)\w*(?:__init__|base|bootstrap|dll|info|load)\w*\.py$")
_NEAR_TOP: Final = 2
_LARGEST_RECORD: Final = 32_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """One file. ``version`` is that of its version resource; None where it has none."""

    path: str
    place: Place
    #: The distribution that provides it, or ``Windows``, ``Python``, ``conda``.
    owner: str
    version: tuple[int, ...] | None

    @property
    def name(self) -> str:
        """The base name, normalised for comparison."""
        return base_name(self.path)

    def __str__(self) -> str:
        """Return the text to display."""
        version = ".".join(map(str, self.version)) if self.version else "version unknown"
        return f"{self.path}: {version} ({self.owner})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Needing:
    """An installed image that imports msvcp140.dll by that name, and its newest toolset."""

    path: str
    owner: str
    toolset: tuple[int, int] | None
    image: Image


def system_folder(system: System) -> str:
    """Return Windows' system folder for this Python (SysWOW64 for a 32-bit one)."""
    root = system.variable("SystemRoot") or r"C:\Windows"
    wide = [each.processor for each in CROSS]
    narrow = system.python.bits == 32 and system.machine.upper() in wide  # noqa: PLR2004
    return system.join(root, "SysWOW64" if narrow else "System32")


def copies(system: System) -> tuple[Copy, ...]:
    """Return every copy by its name, in the loader's search order."""
    return system.once("copies of runtimes", lambda: tuple(_copies(system)))


def _copies(system: System) -> Iterator[Copy]:
    yield from _in_folder(system, system.python.base_prefix, "python", "Python")
    if system.is_folder(system.join(system.python.prefix, "conda-meta")):
        for part in _CONDA:
            folder = system.join(system.python.prefix, part)
            yield from _in_folder(system, folder, "conda", "conda")
    for distribution in distributions(system):
        for path in files_of(system, distribution):
            if base_name(path) in (*RUNTIMES, *_OPENMP) or openmp_family(path):
                yield from _copy(system, path, "package", distribution.name)
    yield from _in_folder(system, system_folder(system), "system", "Windows")


def needing(system: System) -> tuple[Needing, ...]:
    """Return the images of the installed TVM family that need the machine's msvcp140.dll."""
    found = []
    for distribution in family(system):
        for path in files_of(system, distribution):
            image = system.image(path)
            if image is None or is_msvcp140(path):
                continue
            names = [each.name for each in image.imports]
            if any(is_msvcp140(name) and not is_mangled(name) for name in names):
                found.append(
                    Needing(
                        path=path,
                        owner=distribution.name,
                        toolset=newest_toolset(image),
                        image=image,
                    )
                )
    return tuple(found)


def files_of(system: System, distribution: Distribution) -> Iterator[str]:
    """Yield the DLLs and extension modules of a distribution, as its RECORD lists them."""
    record = _record(system, distribution)
    if not provides(distribution.name):
        lowered = record.lower()
        if not any(word in lowered for word in _WANTED):
            return  # most have none: skip parsing their lists
    for path, _ in _rows(record):
        if path.lower().endswith((".dll", ".pyd")):
            yield system.join(distribution.place, *path.split("/"))


def members_of(system: System, distribution: Distribution) -> Iterator[Member]:
    """Yield the files that a check of a distribution reads.

    Native images, and code that adds folders.

    Sizes of code are RECORD's: querying hundreds of files is slow.
    """
    for path, size in _rows(_record(system, distribution)):
        if _ADDING.search(path) and path.count("/") <= _NEAR_TOP:
            yield Member(path=path, size=size)
        elif path.lower().endswith((".dll", ".pyd")):
            entry = system.entry(system.join(distribution.place, *path.split("/")))
            if entry is not None and entry.kind == "file":
                yield Member(path=path, size=entry.size)


def _record(system: System, distribution: Distribution) -> bytes:
    path = system.join(distribution.info, "RECORD")
    return system.once(("record", path), lambda: system.read(path, limit=_LARGEST_RECORD) or b"")


def _rows(record: bytes) -> Iterator[tuple[str, int]]:
    """Yield path and size of a RECORD's rows; 0 where a row has no size."""
    for line in record.decode("utf-8", errors="replace").splitlines():
        rest, _, size = line.rpartition(",")
        path = rest.rpartition(",")[0].strip('"')
        if path:
            yield path, int(size) if size.isdigit() else 0


def install_redist(system: System, *, force: bool = False) -> str:
    """Return the command that installs, updates or reinstalls the redistributable."""
    platform = by_tag(system.python.platform) or WINDOWS_AMD64
    return install(system, f"redist-{platform.folder}", force=force)


def _in_folder(system: System, folder: str, place: Place, owner: str) -> Iterator[Copy]:
    for name in (*RUNTIMES, *_OPENMP):
        path = system.join(folder, name)
        if system.is_file(path):
            yield from _copy(system, path, place, owner)


def _copy(system: System, path: str, place: Place, owner: str) -> Iterator[Copy]:
    image = system.image(path)
    if image is not None:
        yield Copy(path=path, place=place, owner=owner, version=image.file_version)
