"""Check that a wheel is consistent before it is published; refuse it in one line otherwise.

The names of file, ``.dist-info`` and METADATA must agree, every member must unpack inside the
destination folder, and RECORD must list every file once with its hash (PyPA, Binary distribution
format). Members are unpacked one at a time.
"""

from __future__ import annotations

import base64
import email.parser
import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError
from mlcbuild.package.inflate import read_entry
from mlcbuild.package.names import collisions, refused_by_windows
from mlcbuild.package.record import RecordFile, parse_record
from mlcbuild.package.zipdir import Entry, FileSource, read_directory

if TYPE_CHECKING:
    from email.message import Message

    from packaging.version import Version


#: The RECORD of the biggest wheels takes 3 MB.
TEXT_LIMIT: Final = 32 << 20
#: A project's name (PyPA, Names and normalization).
_PROJECT: Final = re.compile(r"[A-Z0-9]([A-Z0-9._-]*[A-Z0-9])?", re.IGNORECASE)
_INFO: Final = re.compile(r"([^/]+)\.dist-info/.+")
#: Hashes allowed in RECORD: sha256 or better.
_HASHES: Final = frozenset({"sha256", "sha384", "sha512"})
#: Files that RECORD lists without a hash: itself and its signatures.
_WITHOUT_HASH: Final = ("RECORD", "RECORD.jws", "RECORD.p7s")


def refuse_untrue(wheel: Path) -> None:
    """Raise ``InputError`` where a wheel is damaged, inconsistent, or has a false RECORD."""
    with closing(FileSource(wheel, name=str(wheel))) as source:
        entries = read_directory(source, name=str(wheel))
        why = _untrue(wheel, source, entries)
    if why:
        raise InputError(f"{wheel} is not published: {why}", remedy="build the wheel again")


def _untrue(wheel: Path, source: FileSource, entries: Mapping[str, Entry]) -> str | None:
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename  # noqa: PLC0415

    try:
        project, version, _, tags = parse_wheel_filename(wheel.name)
    except InvalidWheelFilename as error:
        return f"{error}"
    infos = sorted({match[1] for path in entries if (match := _INFO.fullmatch(path))})
    if len(infos) != 1:
        return f"it has {len(infos)} .dist-info folders"
    info = f"{infos[0]}.dist-info"
    said = email.parser.BytesParser().parsebytes(_text(wheel, source, entries, f"{info}/METADATA"))
    return (
        _names(project, version, infos[0], said)
        or _requirements(said)
        or (_odd_names(entries) if any(t.platform.startswith(("win", "any")) for t in tags) else "")
        or _record(wheel, source, entries, info)
    )


def _text(wheel: Path, source: FileSource, entries: Mapping[str, Entry], path: str) -> bytes:
    entry = entries.get(path)
    if entry is None:
        raise InputError(f"{wheel} is not published: it has no {path}")
    if entry.size > TEXT_LIMIT:
        raise InputError(
            f"{wheel} is not published: {path} has {entry.size >> 20} MB, above the limit of "
            f"{TEXT_LIMIT >> 20} MB"
        )
    return bytes(read_entry(source, entry, archive=str(wheel)))


def _names(project: str, version: Version, info: str, said: Message) -> str | None:
    """Return where the names of file, folder and METADATA disagree."""
    from packaging.utils import canonicalize_name  # noqa: PLC0415
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    def is_same(text: str) -> bool:
        try:
            return Version(text) == version
        except InvalidVersion:
            return False

    name, stated = str(said["Name"] or ""), str(said["Version"] or "")
    if not _PROJECT.fullmatch(name):
        return f"its METADATA has no valid name: {name[:80]!a}"
    folder, _, folder_version = info.rpartition("-")
    for what, value in (("METADATA", name), (".dist-info folder", folder)):
        if canonicalize_name(value) != project:
            return f"the file is named {project}, its {what} has {value[:80]!a}"
    for what, value in (("METADATA", stated), (".dist-info folder", folder_version)):
        if not is_same(value):
            return f"the file has version {version}, its {what} has {value[:80]!a}"
    return None


def _requirements(said: Message) -> str | None:
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415

    try:
        for line in said.get_all("Requires-Dist", []):
            Requirement(str(line))
        for line in said.get_all("Requires-Python", []):
            SpecifierSet(str(line))
    except (InvalidRequirement, InvalidSpecifier) as error:
        first = str(error).partition("\n")[0]
        return f"its METADATA has an invalid requirement: {first[:200]!a}"
    return None


def _odd_names(entries: Mapping[str, Entry]) -> str | None:
    for path in entries:
        why = refused_by_windows(path)
        if why:
            return f"member {path!a}: {why}"
    for group in collisions(entries):
        return f"members {', '.join(map(ascii, group))} are the same file on Windows"
    return None


def _record(wheel: Path, source: FileSource, entries: Mapping[str, Entry], info: str) -> str | None:
    record = parse_record(_text(wheel, source, entries, f"{info}/RECORD"), entries)
    if record.problem or not record.rows:
        return record.problem or "its RECORD is empty"
    gone = next((path for path in record.rows if path not in entries), None)
    new = next((path for path in entries if path not in record.rows), None)
    for path, why in (
        (next(iter(record.repeated), None), "has two different rows of {}"),
        (gone, "lists {}, which is not in the wheel"),
        (new, "does not list {}"),
    ):
        if path is not None:
            return f"RECORD {why.format(ascii(path))}"
    return next(_false_rows(wheel, source, entries, info, record), None)


def _false_rows(
    wheel: Path,
    source: FileSource,
    entries: Mapping[str, Entry],
    info: str,
    record: RecordFile,
) -> Iterator[str]:
    for path, entry in entries.items():
        digest, size = record.rows[path]
        if size is not None and size != entry.size:
            yield f"RECORD lists {path!a} with {size} bytes instead of {entry.size}"
        if path.removeprefix(f"{info}/") not in _WITHOUT_HASH and not _is_true(
            digest, wheel, source, entry
        ):
            yield f"RECORD's hash of {path!a}, {digest[:80]!a}, does not match the member"


def _is_true(digest: str, wheel: Path, source: FileSource, entry: Entry) -> bool:
    algorithm, _, value = digest.partition("=")
    if algorithm not in _HASHES:
        return False
    found = hashlib.new(algorithm)
    read_entry(source, entry, archive=str(wheel), watch=found.update)
    return base64.urlsafe_b64encode(found.digest()).rstrip(b"=").decode() == value.rstrip("=")
