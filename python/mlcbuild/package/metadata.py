"""A wheel's metadata: its file name, WHEEL, METADATA and RECORD."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Container, Iterable
from typing import Final

from mlcbuild.errors import InputError
from mlcbuild.package.member import WheelFacts
from mlcbuild.package.record import RecordFile, parse_record

#: Name, version, an optional build number, then python, abi and platform (PyPA, file names).
_NAME: Final = re.compile(
    r"(?P<name>[^-]+)-(?P<version>[^-]+)(-\d[^-]*)?-(?P<python>[^-]+)-(?P<abi>[^-]+)"
    r"-(?P<platform>[^-]+)\.whl"
)
_DIST_INFO: Final = re.compile(r"([^/]+\.dist-info)/(WHEEL|METADATA|RECORD)")


def tags_of_name(filename: str) -> tuple[str, ...] | None:
    """Return every ``python-abi-platform`` tag in a wheel's file name; None for another name."""
    match = _NAME.fullmatch(filename)
    if match is None:
        return None
    parts = (match["python"].split("."), match["abi"].split("."), match["platform"].split("."))
    return tuple("-".join(tag) for tag in itertools.product(*parts))


def dist_info_of(paths: Iterable[str]) -> str | None:
    """Return the first top-level ``.dist-info`` folder, or None."""
    return next((match[1] for path in paths if (match := _DIST_INFO.fullmatch(path))), None)


def wheel_facts(
    filename: str,
    dist_info: str | None,
    read: Callable[[str], bytes],
    members: Container[str] = (),
) -> WheelFacts:
    """Collect the facts; what is missing or unreadable stays empty.

    ``read`` returns a member's bytes (b"" for a missing member) or raises ``InputError``;
    ``members`` are the wheel's paths.
    """
    match = _NAME.fullmatch(filename)
    folder = dist_info or ""
    metadata = _headers(f"{folder}/METADATA", read)
    wheel = _headers(f"{folder}/WHEEL", read)
    record = _record(folder, read, members)
    return WheelFacts(
        distribution=metadata.get("name", [match["name"] if match else ""])[0],
        version=metadata.get("version", [match["version"] if match else ""])[0],
        tags=tags_of_name(filename) or tuple(wheel.get("tag", ())),
        record=record.rows,
        record_file=record,
        requires=tuple(metadata.get("requires-dist", ())),
        declared_tags=tuple(wheel.get("tag", ())),
    )


def _headers(path: str, read: Callable[[str], bytes]) -> dict[str, list[str]]:
    try:
        return parse_headers(read(path))
    except InputError:
        return {}


def _record(folder: str, read: Callable[[str], bytes], members: Container[str]) -> RecordFile:
    if not folder:
        return RecordFile(problem="the wheel has no .dist-info folder")
    try:
        raw = read(f"{folder}/RECORD")
    except InputError as error:
        return RecordFile(problem=error.message)
    return parse_record(raw, members) if raw else RecordFile(problem="the wheel has no RECORD")


def parse_headers(raw: bytes) -> dict[str, list[str]]:
    """Read the header lines of WHEEL or METADATA (the email parser takes 15 ms to import)."""
    found: dict[str, list[str]] = {}
    for line in raw.decode("utf-8", "replace").splitlines():
        key, colon, value = line.partition(":")
        if not line.strip():
            break
        if colon and not line[0].isspace():
            found.setdefault(key.strip().lower(), []).append(value.strip())
    return found
