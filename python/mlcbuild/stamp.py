"""The stamp: ``<package>/_build.json``, what a wheel's native files are and how they were built.

One reader and one comparison are shared by the gate that writes it, the rule
``stamp-mismatch`` of ``mlcbuild check``, and ``mlcbuild verify``. The file is deterministic: no
time, no path of the build machine, fixed key order. Its schema is ``schemas/stamp.json``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal

from mlcbuild.errors import InputError

SCHEMA_VERSION: Final = 1

MismatchKind = Literal["missing", "changed", "unstamped"]

#: The stamp's file name inside the package that carries it.
STAMP_NAME: Final = "_build.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiler:
    """The C++ compiler: CMake's id and version; ``toolset`` is MSVC's, e.g. ``14.44``."""

    id: str
    version: str
    toolset: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Toolchain:
    """How the compiler was chosen and driven (``toolchain``), with the reasons in words."""

    family: str
    platform: str = ""
    toolset: str = ""
    vcvars: str = ""
    #: Windows' SDK where another system builds: ``Microsoft``, or ``free`` (for CI and tests).
    sdk: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What the native files run on: CMake's system name and a machine (``x86_64``, ``arm64``)."""

    system: str
    machine: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One pinned source that was compiled or linked in: a commit, or a version with its hash."""

    name: str
    origin: str
    commit: str | None = None
    version: str | None = None
    sha256: str | None = None
    #: Where Git found it, and its licence (SPDX), where the lock says so.
    url: str | None = None
    licence: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FileDigest:
    """One native file: path inside the wheel (forward slashes), lower-case SHA-256, bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """Everything ``_build.json`` says."""

    configuration: str
    generator: str
    compiler: Compiler
    #: ``dynamic``, ``debug`` or ``static`` C runtime.
    crt: str
    target: Target
    devices: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    #: Oldest Microsoft C++ runtime that is new enough, e.g. ``14.44``; None without MSVC.
    minimum_msvcp140: str | None = None
    #: True where an image locks a std::mutex that only msvcp140 14.40 and newer can lock; None
    #: without MSVC. False: an older msvcp140 is against Microsoft's rule and does not crash there.
    constexpr_mutex: bool | None = None
    #: Highest GLIBC_* and GLIBCXX_* symbol versions needed; None outside Linux.
    minimum_glibc: str | None = None
    minimum_glibcxx: str | None = None
    #: None where CMake was called without mlcbuild's backends.
    toolchain: Toolchain | None = None
    files: tuple[FileDigest, ...] = ()
    schema_version: int = field(default=SCHEMA_VERSION)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mismatch:
    """One native file that is not what the stamp says."""

    path: str
    kind: MismatchKind
    message: str


_MEANING: Final[dict[MismatchKind, str]] = {
    "missing": "is stamped but missing",
    "changed": "was changed after it was built and stamped",
    "unstamped": "is not in the stamp: it did not come from this build",
}


def digest(path: str, data: bytes | memoryview) -> FileDigest:
    """Hash one native file's bytes."""
    return FileDigest(path=path, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def write_stamp(stamp: Stamp) -> bytes:
    """Serialise: same stamp, same bytes. Files and sources are sorted; keys keep their order."""
    ordered = replace(
        stamp,
        devices=tuple(sorted(stamp.devices)),
        sources=tuple(sorted(stamp.sources, key=lambda source: source.name)),
        files=tuple(sorted(stamp.files, key=lambda file: file.path)),
    )
    table = asdict(ordered)
    table = {"schema_version": table.pop("schema_version"), **table}
    return (json.dumps(table, indent=2, ensure_ascii=False) + "\n").encode()


def read_stamp(data: bytes | memoryview) -> Stamp:
    """Parse ``_build.json``.

    Raises ``InputError`` if it is not JSON, has a newer schema, or lacks a required field.
    """
    try:
        table = json.loads(bytes(data))
        version = table["schema_version"]
        if version != SCHEMA_VERSION:
            raise InputError(
                f"the stamp has schema version {version}, this mlcbuild reads {SCHEMA_VERSION}",
                remedy="upgrade mlcbuild",
            )
        return _from_table(table)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"the stamp {STAMP_NAME} cannot be read ({type(error).__name__}: {error})",
            remedy="build the wheel again",
        ) from error


def mismatches(stamp: Stamp, files: Mapping[str, FileDigest]) -> tuple[Mismatch, ...]:
    """Compare a stamp with the native files found (path -> digest), sorted by path."""
    stamped = {file.path: file for file in stamp.files}
    found = []
    for path in sorted(stamped.keys() | files.keys()):
        kind: MismatchKind
        if path not in files:
            kind = "missing"
        elif path not in stamped:
            kind = "unstamped"
        elif stamped[path].sha256 != files[path].sha256:
            kind = "changed"
        else:
            continue
        found.append(Mismatch(path=path, kind=kind, message=_MEANING[kind]))
    return tuple(found)


#: Annotation of a field -> what its value may be. A stamp may come from anybody.
_PLAIN: Final[dict[str, tuple[type, ...]]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "int": (int,),
    "bool | None": (bool, type(None)),
}


def _from_table(table: dict[str, Any]) -> Stamp:
    """Build the dataclasses; unknown keys of the same schema version are ignored."""

    def known(kind: type[Any], values: dict[str, Any]) -> Any:  # noqa: ANN401 - one of ours
        fields = kind.__dataclass_fields__
        for key in fields:
            wanted = _PLAIN.get(str(fields[key].type))
            if wanted is not None and key in values and not isinstance(values[key], wanted):
                raise TypeError(f"{key} is {type(values[key]).__name__}")
        return kind(**{key: values[key] for key in fields if key in values})

    stamp: Stamp = known(
        Stamp,
        {
            **table,
            "compiler": known(Compiler, table["compiler"]),
            "target": known(Target, table["target"]),
            "toolchain": _toolchain(table.get("toolchain")),
            "devices": tuple(map(str, table["devices"])),
            "sources": tuple(known(Source, source) for source in table["sources"]),
            "files": tuple(known(FileDigest, file) for file in table["files"]),
        },
    )
    return stamp


def _toolchain(table: dict[str, Any] | None) -> Toolchain | None:
    if table is None:
        return None
    known = {key: table[key] for key in Toolchain.__dataclass_fields__ if key in table}
    return Toolchain(**{**known, "reasons": tuple(table.get("reasons", ()))})
