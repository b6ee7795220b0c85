"""The process that loads an image: its machine, its Python, and the modules already in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlcbuild.loader.names import fold
from mlcbuild.msvc import UCRT, VCRUNTIME, VCRUNTIME_1
from mlcbuild.platforms import WINDOWS, Machine

if TYPE_CHECKING:
    from mlcbuild.pe.facts import Image

#: ``python311.dll``, ``python313t.dll``: the interpreter of one minor version.
_PYTHON_DLL: Final = re.compile(r"python(3\d{1,2}t?)\.dll")
_PYD_TAG: Final = re.compile(r"\.cp(3\d{1,2}t?)-win[_a-z0-9]+\.pyd$")
_WHEEL_TAG: Final = re.compile(r"^cp(3\d{1,2})-(?:cp3\d{1,2}(t?)m?)-")
_ABI3_TAG: Final = re.compile(r"^cp3\d{1,2}-abi3-")

#: What python.exe and python3XX.dll themselves import (measured: CPython 3.11), so that a copy in
#: a package's folder is never used under these names. KnownDLLs come on top.
PRELOADED_SYSTEM: Final = frozenset(
    {"kernel32.dll", "ntdll.dll", "kernelbase.dll", UCRT, "version.dll", "bcrypt.dll"}
)
#: Python's own DLLs that every Python process has loaded before any extension module.
_PYTHON_OWN: Final = ("python.exe", "python3.dll", "python3t.dll")
#: The first Python whose installer lays ``vcruntime140_1.dll`` beside python.exe, which does not
#: import it itself (delvewheel's table of what a Python brings begins there too).
_SECOND_RUNTIME: Final = 9

#: Windows on this machine -> programs of other machines that it runs.
_RUNS: Final[dict[Machine, frozenset[Machine]]] = {
    "x86_64": frozenset({"x86"}),
    "arm64": frozenset({"x86", "x86_64", "arm64ec"}),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """A process. ``python`` is False for the start of an executable."""

    machine: Machine
    python: bool = True
    #: Versions as in DLL names (``311``, ``313t``); empty where any will do.
    pythons: frozenset[str] = frozenset()
    #: The wheel promises to run on later versions too (the stable ABI).
    abi3: bool = False

    @property
    def oldest_python(self) -> str | None:
        """Return the oldest version that must work, as ``39`` or ``313t``; None if unknown."""
        return _oldest(self.pythons)

    def own_module(self, name: str) -> bool:
        """Return whether Python provides this module and has it loaded already."""
        base = fold(name)
        if not self.python:
            return False
        if base in _PYTHON_OWN or base.startswith("libpypy3"):
            return True
        if has_cpp_runtime(base, machine=self.machine, oldest=self.oldest_python):
            return True
        version = python_of_dll(base)
        return version is not None and (not self.pythons or version in self.pythons)


def has_cpp_runtime(name: str, *, machine: Machine | None, oldest: str | None) -> bool:
    """Return whether Python provides this DLL of the C++ runtime (a folded base name).

    ``oldest`` is the oldest version that must work, as ``38``; None for any supported one.
    """
    if name == VCRUNTIME:
        return True
    if name != VCRUNTIME_1 or machine == "x86":
        return False  # the 32-bit runtime is one DLL
    return oldest is None or _minor(oldest) >= _SECOND_RUNTIME


def _oldest(pythons: Iterable[str]) -> str | None:
    return min(pythons, key=_minor, default=None)


def _minor(version: str) -> int:
    return int(version.rstrip("t")[1:])


def python_of_dll(name: str) -> str | None:
    """Return ``311`` for ``python311.dll``; None for other names, ``python3.dll`` among them."""
    match = _PYTHON_DLL.fullmatch(fold(name))
    return match[1] if match else None


def pythons_of_tags(tags: tuple[str, ...]) -> tuple[frozenset[str], bool]:
    """Return the interpreter versions that wheel tags name, and whether they are stable-ABI."""
    versions = {f"{m[1]}{m[2]}" for tag in tags if (m := _WHEEL_TAG.match(tag))}
    versions |= {tag[2:].split("-")[0] for tag in tags if _ABI3_TAG.match(tag)}
    return frozenset(versions), any(_ABI3_TAG.match(tag) for tag in tags)


def oldest_of_tags(tags: tuple[str, ...]) -> str | None:
    """Return the oldest version that wheel tags promise, as ``38``; None where they name none."""
    return _oldest(pythons_of_tags(tags)[0])


def machine_of_tags(tags: tuple[str, ...]) -> Machine | None:
    """Return the machine of the first Windows platform among wheel tags."""
    for tag in tags:
        platform = WINDOWS.get(tag.rpartition("-")[2])
        if platform:
            return platform.machine
    return None


def process_of(
    image: Image, *, machine: Machine | None, tags: tuple[str, ...], python: str | None
) -> Process:
    """Return the process that would load this image.

    The machine is the requested one, else the wheel's, else the image's own. A module's file name
    (``x.cp311-win_amd64.pyd``) is more exact than the wheel's tags.
    """
    own: Machine = {"unknown": "x86_64", "arm64x": "arm64"}.get(image.machine, image.machine)  # type: ignore[assignment]
    if image.managed:
        own = "x86_64"  # IL for any CPU has the header of x86
    pythons, abi3 = pythons_of_tags(tags)
    tagged = _PYD_TAG.search(fold(image.path))
    if tagged:
        pythons, abi3 = frozenset({tagged[1]}), False
    if python:
        pythons, abi3 = frozenset({python.replace(".", "")}), False
    # By the name: Python maps a module that lacks the DLL flag, a program is only ever started.
    program = not image.is_dll and fold(image.path).endswith(".exe")
    wanted = machine or machine_of_tags(tags) or own
    return Process(
        # A program is a process of its own: 64-bit Windows runs 32-bit ones, ARM runs all.
        machine=own if program and own in _RUNS.get(wanted, ()) else wanted,
        python=not program,
        pythons=pythons,
        abi3=abi3,
    )
