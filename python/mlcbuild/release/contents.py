"""A wheel's contents by its own records: metadata, stamp, crates, bundled libraries."""

from __future__ import annotations

import email.parser
import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from mlcbuild.builder.rewheel import dist_info
from mlcbuild.errors import InputError
from mlcbuild.package.natives import is_native_name
from mlcbuild.package.zipfaults import ZIP_FAULTS
from mlcbuild.sources.cache import sha256_of
from mlcbuild.stamp import STAMP_NAME, Source, Stamp, read_stamp

#: ``cxx`` compiled from pinned source, ``crate`` compiled by Cargo, ``python`` required at
#: #: run time, ``library`` a native file of this wheel, ``bundled`` one added by a repair.
PartKind = Literal["cxx", "crate", "python", "library", "bundled"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One component. ``version`` may be a commit, and is empty for an open requirement."""

    kind: PartKind
    name: str
    version: str = ""
    licence: str = ""
    #: Package URL (purl-spec), empty for files.
    purl: str = ""
    sha256: str = ""
    #: The line of Requires-Dist, for ``python``.
    requirement: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """One wheel."""

    file: str
    sha256: str
    size: int
    distribution: str
    version: str
    licence: str
    requires_python: str
    #: The METADATA file, byte by byte (PEP 658).
    metadata: bytes
    info: str
    stamp: Stamp | None
    parts: tuple[Part, ...]


def read_contents(wheel: Path) -> Contents:
    """Read a wheel. Raises ``InputError`` for any other file."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            info = dist_info(archive)
            metadata = archive.read(f"{info}/METADATA")
            names = archive.namelist()
            stamps = [name for name in names if name.rpartition("/")[2] == STAMP_NAME]
            stamp = read_stamp(archive.read(stamps[0])) if len(stamps) == 1 else None
            crates = f"{info}/licenses/crates.json"
            parts = [
                *_sources(stamp),
                *(_crates(archive.read(crates)) if crates in names else ()),
                *_files(archive),
            ]
    except ZIP_FAULTS as error:
        raise InputError(f"{wheel} cannot be read as a wheel ({error})") from error
    fields = email.parser.BytesParser().parsebytes(metadata)
    parts += [_required(str(line)) for line in fields.get_all("Requires-Dist", [])]
    return Contents(
        file=wheel.name,
        sha256=sha256_of(wheel),
        size=wheel.stat().st_size,
        distribution=str(fields["Name"]),
        version=str(fields["Version"]),
        licence=str(fields.get("License-Expression") or ""),
        requires_python=str(fields.get("Requires-Python") or ""),
        metadata=metadata,
        info=info,
        stamp=stamp,
        parts=tuple(sorted(set(parts), key=lambda part: (part.kind, part.name, part.version))),
    )


def _sources(stamp: Stamp | None) -> list[Part]:
    return [_source(source) for source in stamp.sources] if stamp else []


def _source(source: Source) -> Part:
    version = source.version or source.commit or ""
    purl = f"pkg:generic/{source.name}@{version}"
    address = urlsplit(source.url or "")
    if source.origin == "pypi":
        purl = f"pkg:pypi/{source.name}@{version}"
    elif address.hostname == "github.com":
        purl = f"pkg:github{address.path.removesuffix('.git').lower()}@{version}"
    return Part(
        kind="cxx",
        name=source.name,
        version=version,
        licence=source.licence or "",
        purl=purl,
        sha256=source.sha256 or "",
    )


def _crates(data: bytes) -> list[Part]:
    """Read ``crates.json``. Raises ``ValueError`` where our build did not write it."""
    try:
        rows = [(c["name"], c["version"], c["licence"]) for c in json.loads(data)]
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"its crates.json is not a list of crates: {error}") from error
    if not all(isinstance(text, str) for row in rows for text in row):
        raise ValueError("its crates.json is not a list of crates")
    return [
        Part(
            kind="crate",
            name=name,
            version=version,
            licence=licence,
            purl=f"pkg:cargo/{name}@{version}",
        )
        for name, version, licence in rows
    ]


def _files(archive: zipfile.ZipFile) -> list[Part]:
    found = []
    for name in sorted(archive.namelist()):
        if is_native_name(name) or name.endswith((".so", ".dylib")) or ".so." in name:
            # delvewheel's and auditwheel's folder
            repaired = name.partition("/")[0].endswith(".libs")
            with archive.open(name) as member:
                # typeshed says IO; it is a ZipExtFile, which can fill a buffer.
                digest = hashlib.file_digest(member, "sha256").hexdigest()  # type: ignore[arg-type]
            found.append(Part(kind="bundled" if repaired else "library", name=name, sha256=digest))
    return found


def _required(line: str) -> Part:
    from packaging.requirements import Requirement  # noqa: PLC0415
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    wanted = Requirement(line)
    name = canonicalize_name(wanted.name)
    exact = [spec.version for spec in wanted.specifier if spec.operator == "=="]
    version = exact[0] if len(exact) == 1 and "*" not in exact[0] else ""
    return Part(
        kind="python",
        name=name,
        version=version,
        requirement=line,
        purl=f"pkg:pypi/{name}@{version}" if version else f"pkg:pypi/{name}",
    )
