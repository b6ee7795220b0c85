"""What the stamp of a build says of its files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlcbuild.errors import InputError
from mlcbuild.platforms import MACHINES
from mlcbuild.rules.finding import Finding, Subject, rule

if TYPE_CHECKING:
    from mlcbuild.stamp import Stamp


@rule(
    severity="error",
    title="A native file is not the one that was built and stamped",
    why=(
        "A stamped wheel says in _build.json how it was built and the sha256 of every native "
        "file. A file that was changed later, or that comes from elsewhere, has an unknown "
        "configuration: this is how Debug or stale DLLs usually reach users."
    ),
    source="mlcbuild, docs/your-project.md (the stamp)",
    fix="Build the wheel again from clean sources.",
)
def stamp_mismatch(subject: Subject) -> Iterator[Finding]:
    if not subject.stamps:
        return
    from mlcbuild.stamp import read_stamp  # noqa: PLC0415 - only few packages have a stamp

    for path, data in subject.stamps.items():
        if not _ours(data):
            continue
        try:
            stamp = read_stamp(data)
        except InputError as error:
            yield _stamp_finding(path, f"the build stamp cannot be read: {error.message}")
            continue
        if stamp.configuration != "Release":
            yield _stamp_finding(
                path, f"the stamp says configuration {stamp.configuration}, not Release"
            )
        yield from _files(subject, path, stamp)


def _ours(data: bytes) -> bool:
    """Return whether this is our stamp: other packages may have a ``_build.json`` of their own."""
    try:
        table = json.loads(data)
    except (ValueError, RecursionError):
        return True  # damaged: then the reader says so
    return isinstance(table, dict) and {"schema_version", "configuration", "files"} <= table.keys()


def _files(subject: Subject, path: str, stamp: Stamp) -> Iterator[Finding]:
    from mlcbuild.stamp import FileDigest, mismatches  # noqa: PLC0415

    root = _root(subject, path, stamp)
    # In a wheel every native file is the build's; elsewhere other packages lie beside it.
    scope = root if subject.kind in {"wheel", "pypi"} else path.rpartition("/")[0] + "/"
    stamped = {root + file.path for file in stamp.files}
    sizes = {member.path: member.size for member in subject.members}
    files = {
        at.removeprefix(root): FileDigest(
            path=at.removeprefix(root), sha256=subject.digests[at], size=sizes[at]
        )
        for at in (*subject.images, *subject.broken)
        if at in subject.digests and at in sizes and (at in stamped or at.startswith(scope))
    }
    for mismatch in mismatches(stamp, files):
        yield _stamp_finding(root + mismatch.path, mismatch.message)
    wanted = MACHINES.get(stamp.target.machine.casefold(), stamp.target.machine)
    for file in stamp.files:
        image = subject.images.get(root + file.path)
        if image is not None and image.machine != wanted:
            yield _stamp_finding(
                root + file.path, f"is for {image.machine}, the stamp says {wanted}"
            )


def _root(subject: Subject, path: str, stamp: Stamp) -> str:
    """Return the folder that the stamp's paths start from: a wheel's root, or a site-packages."""
    parts = path.split("/")[:-1]
    roots = ["".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts))]
    return max(
        reversed(roots),
        key=lambda root: sum(root + file.path in subject.images for file in stamp.files),
        default="",
    )


def _stamp_finding(path: str, message: str) -> Finding:
    return Finding(
        severity="error",
        module=path,
        message=message,
        fix="build the wheel again from clean sources",
    )


@rule(
    severity="note",
    title="The wheel was built with the free Windows SDK",
    why=(
        "Its headers and its static half of the C++ runtime are open-source replacements for "
        "Microsoft's. Such a wheel runs, but is meant for CI and the lab: Microsoft supports "
        "only what its own SDK builds."
    ),
    source="mlcbuild, docs/windows-wheel.md",
    fix="Build it with Microsoft's SDK: --accept-license, or --sdk DIR.",
)
def free_sdk(subject: Subject) -> Iterator[Finding]:
    if not subject.stamps:
        return
    from mlcbuild.stamp import read_stamp  # noqa: PLC0415 - only few packages have a stamp

    for path, data in subject.stamps.items():
        try:
            toolchain = read_stamp(data).toolchain
        except InputError:
            continue  # stamp-mismatch says it
        if toolchain is not None and toolchain.sdk == "free":
            yield Finding(
                severity="note",
                module=path,
                message="was built with the free Windows SDK, which is for CI and tests",
                fix="build the wheel to ship with Microsoft's: mlcbuild wheel --accept-license",
            )
