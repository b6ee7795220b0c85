"""Read a staged tree: the facts and the digest of every native file, found by content."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild.elf import MAGIC as ELF_MAGIC
from mlcbuild.elf import read_elf
from mlcbuild.errors import InputError
from mlcbuild.pe.reader import read_image
from mlcbuild.stamp import FileDigest, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlcbuild.builder.needs import Native

_MACHO_MAGIC = frozenset(
    bytes.fromhex(text) for text in ("cffaedfe", "cefaedfe", "cafebabe", "cafebabf")
)
#: Names of images; others are recognised by their first bytes.
_LIBRARY_NAME = re.compile(r"\.(dll|pyd|exe|dylib|so(\.[0-9.]+)?)$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Staged:
    """The native files of a tree that becomes a wheel; paths are those inside the wheel."""

    natives: tuple[Native, ...]
    digests: tuple[FileDigest, ...]
    #: Native files of a format that is not examined.
    unjudged: tuple[str, ...] = ()
    #: Files named like a library that are not one: path -> reason.
    broken: dict[str, str] = field(default_factory=dict)


def native_files(root: Path, prefix: str = "") -> Iterator[tuple[str, Path]]:
    """Yield every native file below ``root`` with its path inside the wheel, sorted.

    A ``root`` that is a file yields itself, with only the prefix. Raises ``InputError`` where a
    file cannot be read.
    """
    if root.is_file() and _is_native(root):
        yield prefix, root
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            if _is_native(file):
                yield prefix + file.relative_to(root).as_posix(), file


def _is_native(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return promises_native(file.name, stream.read(4))
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror})") from error


def promises_native(name: str, head: bytes) -> bool:
    """Return whether to read a file as an image, by its name or first four bytes."""
    return (
        _LIBRARY_NAME.search(name) is not None
        or head == ELF_MAGIC
        or head.startswith(b"MZ")
        or head in _MACHO_MAGIC
    )


def read_staged(files: Mapping[str, Path]) -> Staged:
    """Read the native files (path inside the wheel -> file).

    Raises ``InputError`` where one cannot be read from disk.
    """
    return read_contents((path, _read(file)) for path, file in sorted(files.items()))


def read_contents(contents: Iterable[tuple[str, bytes]]) -> Staged:
    """Read native files from their bytes, one at a time; only the facts are kept."""
    natives: list[Native] = []
    digests: list[FileDigest] = []
    unjudged: list[str] = []
    broken: dict[str, str] = {}
    for path, data in contents:
        try:
            if data.startswith(ELF_MAGIC):
                natives.append(read_elf(path, data))
            elif data[:4] in _MACHO_MAGIC:
                unjudged.append(path)
            else:
                natives.append(read_image(data, path=path))
        except InputError as error:
            if _LIBRARY_NAME.search(path) or data.startswith(ELF_MAGIC):
                broken[path] = _why_broken(data, error)
            continue  # else text or a DOS program starting with MZ
        digests.append(digest(path, data))
    return Staged(
        natives=tuple(natives), digests=tuple(digests), unjudged=tuple(unjudged), broken=broken
    )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror})") from error


def _why_broken(data: bytes, error: InputError) -> str:
    if data.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer, the file itself was not fetched"
    return error.message if data else "an empty file"
