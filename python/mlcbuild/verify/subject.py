"""The wheel to verify: its name, its imports, its native libraries and their stamp."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlcbuild.errors import FailedError, InputError
from mlcbuild.package.natives import no_such_file
from mlcbuild.package.zipfaults import ZIP_FAULTS
from mlcbuild.stamp import digest, mismatches, read_stamp

_NATIVE: Final = re.compile(r"\.(?:dll|pyd|dylib|so(?:\.[0-9.]+)?)$", re.IGNORECASE)
_MODULE: Final = re.compile(r"(?P<name>[A-Za-z]\w*)(?:\.py|(?:\.[\w.-]+)?\.(?:so|pyd))$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """One wheel. Paths are those inside the wheel."""

    path: Path
    distribution: str
    version: str
    imports: tuple[str, ...]
    natives: tuple[str, ...]
    #: The build stamps (``<package>/_build.json``) it carries.
    stamps: tuple[str, ...]


def read_subject(path: Path) -> Subject:
    """Read the wheel's list of files.

    Raises ``InputError`` for a file that cannot be read or is not a wheel.
    """
    parts = path.stem.split("-")
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            damaged = archive.testzip()
    except FileNotFoundError as error:
        raise no_such_file(str(path), on_index=False) from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder", remedy="name a .whl file") from error
    except ZIP_FAULTS as error:
        raise InputError(
            f"{path} is not a valid wheel: {error}", remedy="name a .whl file"
        ) from error
    if damaged:
        raise InputError(f"{path} is damaged: {damaged} does not unpack", remedy="build it again")
    metadata = [name for name in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
    if path.suffix != ".whl" or len(parts) not in (5, 6) or not metadata:
        raise InputError(
            f"{path} is not a valid wheel: bad file name or missing .dist-info",
            remedy="name a .whl file as pip writes it",
        )
    return Subject(
        path=path,
        distribution=parts[0],
        version=parts[1],
        imports=_imports(names),
        natives=tuple(sorted(name for name in names if _NATIVE.search(name))),
        stamps=tuple(name for name in names if name.endswith("/_build.json")),
    )


def _imports(names: Sequence[str]) -> tuple[str, ...]:
    """Return the public packages and modules at the wheel's top."""
    found = {name.partition("/")[0] for name in names if name.count("/") == 1}
    packages = {top for top in found if f"{top}/__init__.py" in names}
    modules = {match["name"] for name in names if (match := _MODULE.fullmatch(name))}
    return tuple(sorted(name for name in packages | modules if not name.startswith("_")))


def step_stamp(subject: Subject) -> str:
    """Compare each stamp with the native files of its package.

    Raises ``FailedError`` for a file that is missing, was changed or came from elsewhere.
    """
    if not subject.stamps:
        return "no stamp: the wheel does not record how it was built"
    said = []
    with zipfile.ZipFile(subject.path) as archive:
        for path in subject.stamps:
            try:
                stamp = read_stamp(archive.read(path))
            except InputError as error:
                raise FailedError(f"{path}: {error.message}", remedy="build it again") from error
            below = path.rpartition("/")[0] + "/"
            stamped = {file.path for file in stamp.files}
            native = {name for name in subject.natives if name.startswith(below)} | stamped
            present = native & set(archive.namelist())
            files = {name: digest(name, archive.read(name)) for name in present}
            for mismatch in mismatches(stamp, files):
                raise FailedError(
                    f"{mismatch.path} {mismatch.message} (stamp-mismatch)",
                    remedy="build the wheel again",
                )
            said.append(f"{stamp.configuration}, {len(files)} native files as they were built")
    return "; ".join(said)
