"""Versions as tools print them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

Version = tuple[int, ...]

_VERSION: Final = re.compile(r"(?<![\d.])(\d+)\.(\d+)(?:\.(\d+))?(?:\.(\d+))?")


def find_version(text: str) -> Version | None:
    """Return the first version in a text, ``(3, 31, 6)``, or None."""
    match = _VERSION.search(text)
    return tuple(int(part) for part in match.groups() if part is not None) if match else None


def ask_version(system: System, path: str, option: str = "--version") -> tuple[Version | None, str]:
    """Return a program's version, None where it does not run, and the evidence for either."""
    done = system.run(path, option)
    version = find_version(done.out) if done.good else None
    if version is None:
        return None, f"{path}: {done.problem or f'exits with code {done.code}'}"
    return version, f"{path} {dotted(version)}"


def dotted(version: Version) -> str:
    """Write a version: ``3.31.6``."""
    return ".".join(str(part) for part in version)
