"""Every DLL name a repair could encounter: of the wheel, and of what it would bundle."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from mlcbuild.errors import InputError
from mlcbuild.package.natives import is_native_name
from mlcbuild.package.targets import open_package
from mlcbuild.pe.reader import read_image
from mlcbuild.rules.names import base_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from mlcbuild.package.member import Package
    from mlcbuild.pe.facts import Image


def images_of(target: str) -> dict[str, Image]:
    """Read the images of a wheel (any target of check). Raises ``InputError``."""
    with open_package(target) as package:
        return dict(_images(package))


def _images(package: Package) -> Iterator[tuple[str, Image]]:
    for member in package.members():
        if is_native_name(member.path):
            with contextlib.suppress(InputError):  # check reports files that are not images
                yield member.path, read_image(package.read(member), path=member.path)


def provided(companions: Iterable[str]) -> dict[str, str]:
    """Return the DLLs of the wheels installed with it: base name -> wheel."""
    found = {}
    for spec in companions:
        with open_package(spec) as package:
            for member in package.members():
                if member.path.casefold().endswith(".dll"):
                    found[base_name(member.path)] = package.name
    return found


def reachable_names(images: Iterable[Image], folders: Sequence[Path]) -> set[str]:
    """Return the images' imports, and those of the imported DLLs found in ``folders``."""
    waiting = [dll.name for image in images for dll in image.imports]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if base_name(name) in seen:
            continue
        seen.add(base_name(name))
        file = next((f for f in (_in(folder, name) for folder in folders) if f), None)
        if file is not None:
            with contextlib.suppress(InputError, OSError):
                image = read_image(file.read_bytes(), path=file.name)
                waiting += [dll.name for dll in image.imports]
    return seen


def _in(folder: Path, name: str) -> Path | None:
    """Find a file case-insensitively, even on case-sensitive file systems."""
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            if file.name.casefold() == base_name(name):
                return file
    return None
