"""Read the wanted files of an sdist or a wheel without running its code or writing files."""

from __future__ import annotations

import re
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError
from mlcbuild.sources.tree import SourceFile, Tree, check_paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlcbuild.sources.lock import Component, PypiOrigin

_ANY_EXECUTE = 0o111
_DIST_INFO: Final = re.compile(r"^[^/]+\.dist-info/")


def _tar(path: Path, wants: _Wants) -> Iterator[tuple[str, SourceFile]]:
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            if (name := wants(member.name)) is None or member.isdir():
                continue
            file = archive.extractfile(member) if member.isreg() else None
            if file is None:
                raise FailedError(
                    f"{wants.component.name}: {name} is a link, which cannot be extracted",
                    remedy="list it under 'exclude' in sources.toml",
                )
            yield name, SourceFile(data=file.read(), executable=bool(member.mode & _ANY_EXECUTE))


def _zip(path: Path, wants: _Wants) -> Iterator[tuple[str, SourceFile]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if (name := wants(info.filename)) is not None and not info.is_dir():
                mode = info.external_attr >> 16
                yield name, SourceFile(data=archive.read(info), executable=bool(mode & 0o111))


class _Wants:
    """Maps an archive's member to its path in the component, None when it is not wanted."""

    def __init__(self, component: Component, root: str, *, is_wheel: bool) -> None:
        self.component = component
        self.root = f"{root}/" if root else ""
        self.is_wheel = is_wheel

    def __call__(self, member: str) -> str | None:
        # A wheel has no top folder, and a dist-info with the version in its name.
        wheels = _DIST_INFO.sub("dist-info/", member)
        inside = wheels if self.is_wheel else member.partition("/")[2]
        if not inside.startswith(self.root):
            return None
        path = inside[len(self.root) :].rstrip("/")
        return path if path and self.component.wants(path) else None


def read_sdist(path: Path, component: Component, origin: PypiOrigin) -> Tree:
    """Return the component's files.

    ``path`` has already been verified by its sha256. Raises ``FailedError`` for an archive that
    cannot be read, a link, or a listed path that it does not have.
    """
    is_wheel = origin.filename.endswith(".whl")
    read = _zip if is_wheel or path.suffix == ".zip" else _tar
    try:
        tree = dict(read(path, _Wants(component, origin.root, is_wheel=is_wheel)))
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise FailedError(f"{component.name}: {path} cannot be unpacked: {error}") from error
    for wanted in component.paths:
        if not any(found == wanted or found.startswith(f"{wanted}/") for found in tree):
            raise FailedError(
                f"{component.name}: sources.toml lists {wanted}, which {origin.filename} does "
                "not have",
                remedy="correct 'paths'",
            )
    check_paths(component.name, tree)
    return tree
