"""``installed:NAME``: a distribution of this Python, with its requirements."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from pathlib import Path

from mlcbuild.errors import InputError
from mlcbuild.package.folder import FilesPackage
from mlcbuild.package.member import WheelFacts
from mlcbuild.package.metadata import parse_headers
from mlcbuild.package.record import parse_record
from mlcbuild.package.requirements import needed_names


def open_installed(name: str) -> FilesPackage:
    """Return the files of an installed distribution, with its requirements as companions.

    Raises ``InputError`` when it is not installed in the Python that runs mlcbuild.
    """
    distribution = _find(name)
    if distribution is None:
        raise InputError(
            f"installed:{name}: not installed in this Python",
            remedy="run mlcbuild with the Python that has it, or pass its folder",
        )
    return _package(distribution, companions=list(_requirements(distribution)))


def _find(name: str) -> importlib.metadata.Distribution | None:
    try:
        return importlib.metadata.distribution(name)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return None


def _requirements(
    distribution: importlib.metadata.Distribution,
) -> Iterator[FilesPackage]:
    """Yield every installed distribution that the first one requires, directly or not."""
    seen = {distribution.metadata["Name"]}
    waiting = needed_names(distribution.requires or ())
    while waiting:
        found = _find(waiting.pop())
        if found is not None and found.metadata["Name"] not in seen:
            seen.add(found.metadata["Name"])
            waiting += needed_names(found.requires or ())
            yield _package(found)


def _package(
    distribution: importlib.metadata.Distribution,
    *,
    companions: list[FilesPackage] | None = None,
) -> FilesPackage:
    record = parse_record((distribution.read_text("RECORD") or "").encode()).rows
    wheel = parse_headers((distribution.read_text("WHEEL") or "").encode())
    name = distribution.metadata["Name"]
    tags = tuple(wheel.get("tag", ()))
    return FilesPackage(
        Path(str(distribution.locate_file(""))),
        name=f"installed:{name}",
        kind="installed",
        paths=list(record) or [str(path) for path in distribution.files or ()],
        wheel=WheelFacts(
            distribution=name,
            version=distribution.version,
            tags=tags,
            declared_tags=tags,
            record=record,
            requires=tuple(distribution.requires or ()),
        ),
        companions=companions or (),
    )
