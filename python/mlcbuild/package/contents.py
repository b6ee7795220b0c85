"""Read every image of a package once, largest member at a time, and keep only the facts."""

from __future__ import annotations

import collections
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError
from mlcbuild.package.digest import Digester
from mlcbuild.package.natives import is_native_name, may_be_native
from mlcbuild.pe.reader import PeFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlcbuild.package.model import Member, Package
    from mlcbuild.pe.exports import Exports
    from mlcbuild.pe.facts import Image

__all__ = ["Contents", "read_contents"]

STAMP: Final = "_build.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """The facts of one package. The bytes themselves have been let go."""

    members: tuple[Member, ...]
    images: Mapping[str, Image]
    exports: Mapping[str, Exports]
    #: Members with a native ending that are no readable image, and why.
    broken: Mapping[str, str]
    #: sha256 (lower-case hex) of the images that RECORD, a stamp or a second copy compares.
    digests: Mapping[str, str]
    #: Build stamps: path of each ``_build.json`` -> its bytes.
    stamps: Mapping[str, bytes]


def read_contents(package: Package, *, digests: bool = True) -> Contents:
    """Read the images of a package, one at a time.

    Raises ``InputError`` when the package cannot be listed; a member that cannot be read is told
    in ``broken`` and does not stop the rest.
    """
    members = tuple(package.members())
    images: dict[str, Image] = {}
    exports: dict[str, Exports] = {}
    broken: dict[str, str] = {}
    sums: dict[str, str] = {}
    stamps = _stamps(package, members)
    wanted = _compared(package, members, stamped=bool(stamps)) if digests else set()
    for member in members:
        try:
            if not _is_image(package, member):
                continue
            digester = Digester(member.size) if member.path in wanted else None
            image, found = _read(package, member, digester)
            images[member.path], exports[member.path] = image, found
            if digester:
                sums[member.path] = digester.hexdigest()
        except InputError as error:
            broken[member.path] = error.message.removeprefix(f"{member.path}: ")
    return Contents(
        members=members,
        images=images,
        exports=exports,
        broken=broken,
        digests=sums,
        stamps=stamps,
    )


def _read(package: Package, member: Member, digester: Digester | None) -> tuple[Image, Exports]:
    """Read one image. Its bytes are let go on return, before the next member needs room."""
    try:
        data = package.read(member, watch=digester.update if digester else None)
        file = PeFile(data, path=member.path)
        return file.image(), file.exports()
    finally:
        if digester:
            digester.close()


def _is_image(package: Package, member: Member) -> bool:
    if is_native_name(member.path):
        return True
    return may_be_native(member.path) and package.peek(member)[:2] == b"MZ"


def _stamps(package: Package, members: tuple[Member, ...]) -> dict[str, bytes]:
    found = {}
    for member in members:
        if PurePosixPath(member.path).name == STAMP:
            try:
                found[member.path] = bytes(package.read(member))
            except InputError:
                found[member.path] = b""
    return found


def _compared(package: Package, members: tuple[Member, ...], *, stamped: bool) -> set[str]:
    """Choose what to hash: it costs a third of unpacking, so only what some rule compares."""
    paths = [member.path for member in members if is_native_name(member.path)]
    if stamped:
        return set(paths)
    names = collections.Counter(path.rpartition("/")[2].casefold() for path in paths)
    record = package.wheel.record if package.wheel else {}
    return {
        path
        for path in paths
        if record.get(path, ("", None))[0] or names[path.rpartition("/")[2].casefold()] > 1
    }
