"""Read a staged tree: the facts and the digest of every native file, found by content.

Most come from the install. scikit-build-core then copies ``wheel.packages`` and
``wheel.force-include``, so a library from there (a binary in version control, a leftover of an
earlier build) would bypass the gate; and it omits what ``wheel.exclude`` names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from packaging.version import InvalidVersion, Version

from mlcbuild.elf import MAGIC as ELF_MAGIC
from mlcbuild.elf import read_elf
from mlcbuild.errors import InputError
from mlcbuild.pe.reader import read_image
from mlcbuild.stamp import FileDigest, digest

if TYPE_CHECKING:
    from mlcbuild.builder.expectation import BuildRecord
    from mlcbuild.builder.needs import Native
    from mlcbuild.builder.project import Project

#: ``${SKBUILD_PLATLIB_DIR}/pkg/x`` -> tree and rest; a plain destination is in the target library.
_DESTINATION: Final = re.compile(r"(?:\$\{SKBUILD_([A-Z]+)_DIR\}/?)?(.*)", re.DOTALL)


def wheel_files(
    folder: Path, project: Project, record: BuildRecord, stage: Path
) -> dict[str, Path]:
    """Return path inside the wheel -> file; later sources win, as in scikit-build-core."""
    wheel = project.scikit_build.get("wheel", {})
    data = f"{record.distribution}-{_normal_version(record.version)}.data"
    files: dict[str, Path] = {}
    if record.state != "editable":  # an editable install copies no packages
        for target, source in package_folders(folder, project).items():
            files |= native_files(source, prefix=f"{target}/")
    files |= native_files(stage)
    for tree, place in (("scripts", record.scripts), ("data", record.data)):
        if place:
            files |= native_files(Path(place), prefix=f"{data}/{tree}/")
    files = _without_excluded(files, wheel.get("exclude", []))
    if record.state != "editable":
        files |= _forced(folder, wheel.get("force-include", {}), data)
    return files


def package_folders(folder: Path, project: Project) -> dict[str, Path]:
    """Return path inside the wheel -> source folder, by scikit-build-core's rules."""
    declared = project.scikit_build.get("wheel", {}).get("packages")
    if isinstance(declared, dict):
        return {target: folder / source for target, source in declared.items()}
    if declared is None:
        name = project.name.replace("-", "_").replace(".", "_")
        for source in (f"src/{name}", f"python/{name}", name):
            if (folder / source / "__init__.py").is_file():
                return {name: folder / source}
        return {}
    return {source.rstrip("/").rpartition("/")[2]: folder / source for source in declared}


def _forced(folder: Path, entries: Mapping[str, str], data: str) -> Iterator[tuple[str, Path]]:
    for source, destination in entries.items():
        match = _DESTINATION.fullmatch(destination)
        tree, rest = (match[1] or "PLATLIB", match[2]) if match else ("PLATLIB", destination)
        prefix = "" if tree in ("PLATLIB", "PURELIB") else f"{data}/{tree.lower()}/"
        if tree not in ("METADATA", "NULL"):
            for path, file in native_files(folder / source):
                below = f"{rest.rstrip('/')}/{path}" if path else rest
                yield prefix + below.lstrip("/"), file


def _without_excluded(files: Mapping[str, Path], patterns: list[Any]) -> dict[str, Path]:
    if not patterns or not files:
        return dict(files)
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - comes with scikit-build-core

    spec = GitIgnoreSpec.from_lines(patterns)
    return {path: file for path, file in files.items() if not spec.match_file(path)}


def _normal_version(text: str) -> str:
    try:
        return str(Version(text)).replace("-", "_")
    except InvalidVersion:
        return text


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
