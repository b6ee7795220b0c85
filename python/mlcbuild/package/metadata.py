"""A wheel's own words about itself: its file name, WHEEL, METADATA and RECORD."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

from mlcbuild.package.model import WheelFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["dist_info_of", "parse_headers", "parse_record", "tags_of_name", "wheel_facts"]

#: Name, version, an optional build number, then python, abi and platform (PyPA, file names).
_NAME: Final = re.compile(
    r"(?P<name>[^-]+)-(?P<version>[^-]+)(-\d[^-]*)?-(?P<python>[^-]+)-(?P<abi>[^-]+)"
    r"-(?P<platform>[^-]+)\.whl"
)
_DIST_INFO: Final = re.compile(r"([^/]+\.dist-info)/(WHEEL|METADATA|RECORD)")


def tags_of_name(filename: str) -> tuple[str, ...] | None:
    """Return every ``python-abi-platform`` that a wheel's file name stands for; else None."""
    match = _NAME.fullmatch(filename)
    if match is None:
        return None
    parts = (match["python"].split("."), match["abi"].split("."), match["platform"].split("."))
    return tuple("-".join(tag) for tag in itertools.product(*parts))


def dist_info_of(paths: Iterable[str]) -> str | None:
    """Return the first ``.dist-info`` folder at the top, None where there is none."""
    return next((match[1] for path in paths if (match := _DIST_INFO.fullmatch(path))), None)


def wheel_facts(filename: str, dist_info: str | None, read: Callable[[str], bytes]) -> WheelFacts:
    """Collect the facts; what is missing or unreadable (``read`` gives b"") stays empty."""
    match = _NAME.fullmatch(filename)
    folder = dist_info or ""
    metadata = parse_headers(read(f"{folder}/METADATA")) if folder else {}
    wheel = parse_headers(read(f"{folder}/WHEEL")) if folder else {}
    return WheelFacts(
        distribution=metadata.get("name", [match["name"] if match else ""])[0],
        version=metadata.get("version", [match["version"] if match else ""])[0],
        tags=tags_of_name(filename) or tuple(wheel.get("tag", ())),
        record=parse_record(read(f"{folder}/RECORD")) if folder else {},
        requires=tuple(metadata.get("requires-dist", ())),
        declared_tags=tuple(wheel.get("tag", ())),
    )


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


def parse_record(raw: bytes) -> dict[str, tuple[str, int | None]]:
    """Read RECORD's rows; an unreadable file has none."""
    import csv  # noqa: PLC0415

    lines = raw.decode("utf-8-sig", "replace").splitlines()
    found: dict[str, tuple[str, int | None]] = {}
    try:
        for row in csv.reader(lines):
            if row:
                path, digest, size = (*row, "", "")[:3]
                found[path] = (digest, int(size) if size.isascii() and size.isdigit() else None)
    except (csv.Error, ValueError):
        return {}
    return found
