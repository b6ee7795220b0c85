"""What a repair must not bundle, and why, by the tables of ``mlcbuild check``. Pure.

delvewheel knows Windows' own DLLs. It does not know drivers, the libraries of other wheels, or that
Python provides vcruntime140 for ``py3-none`` wheels too; the DLLs of Python depend on its version.

``reachable_names`` returns every DLL name a repair could encounter.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild.errors import InputError
from mlcbuild.loader.policy import provider_of, wheel_of
from mlcbuild.loader.python_process import has_cpp_runtime, machine_of_tags, oldest_of_tags
from mlcbuild.package.natives import is_native_name
from mlcbuild.package.targets import open_package
from mlcbuild.pe.reader import read_image
from mlcbuild.rules.names import base_name

if TYPE_CHECKING:
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Exclusion:
    """One DLL that stays out of the wheel."""

    dll: str
    reason: str


def exclusions(
    names: Iterable[str],
    *,
    companions: Mapping[str, str],
    declared: Iterable[str] = (),
    own: Iterable[str] = (),
    tags: tuple[str, ...] = (),
) -> tuple[Exclusion, ...]:
    """Return the exclusions among the imported ``names``, sorted.

    ``companions`` maps the DLLs of wheels installed with it to their wheel; ``declared`` are named
    by the user or the project; ``own`` are already in the wheel; ``tags`` are the wheel's, which
    name the Pythons it must support.
    """
    beside = {base_name(dll): wheel for dll, wheel in companions.items()}
    named = {base_name(dll) for dll in declared}
    inside = {base_name(dll) for dll in own}
    machine, oldest = machine_of_tags(tags), oldest_of_tags(tags)
    found = {}
    for name in sorted({base_name(name) for name in names}):
        if name in inside:
            continue
        if has_cpp_runtime(name, machine=machine, oldest=oldest):
            reason = "provided by Python"
        else:
            reason = _reason(name, beside, named)
        if reason:
            found[name] = Exclusion(dll=name, reason=reason)
    return tuple(found.values())


def _reason(name: str, beside: Mapping[str, str], named: set[str]) -> str:
    if name in beside:
        return f"provided by {beside[name]}"
    if name in named:
        return "excluded by you"
    provider = provider_of(name)
    if provider is not None and provider.kind == "driver":
        return f"provided by {provider.provided_by}"
    if provider is not None and provider.kind in ("debug", "optional"):
        return f"provided by {provider.provided_by} and may not be shipped"
    wheel = wheel_of(name)
    return f"provided by {wheel}" if wheel else ""
