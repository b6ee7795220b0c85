"""Paths that Windows cannot create."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mlcbuild.package.names import collisions, installed_path, refused_by_windows
from mlcbuild.rules.finding import Finding, Subject, rule

#: MAX_PATH is 260 with the terminating null.
LONGEST_PATH: Final = 259

#: Where python.org's installer puts packages for a user whose name has the longest legal length.
PER_USER: Final = len(
    f"C:\\Users\\{'u' * 20}\\AppData\\Local\\Programs\\Python\\Python313\\Lib\\site-packages\\"
)

#: The same for Python from the Microsoft Store, the deepest usual place.
STORE: Final = len(
    f"C:\\Users\\{'u' * 20}\\AppData\\Local\\Packages\\"
    "PythonSoftwareFoundation.Python.3.13_qbz5n2kfra8p0\\LocalCache\\local-packages\\Python313\\"
    "site-packages\\"
)


@rule(
    severity="warning for a per-user Python; note for the Microsoft Store's deeper folder",
    title="An installed path exceeds 259 characters",
    why=(
        "Without LongPathsEnabled a Windows path ends at 259 characters, and pip stops in the"
        " middle of an installation with FileNotFoundError. The remaining length depends on "
        "where Python is: the per-user folders of python.org's installer and of the Microsoft"
        " Store are checked, for a user name of 20 characters."
    ),
    source="Microsoft, Maximum Path Length Limitation",
    fix="Shorten folder and file names inside the package.",
)
def path_too_long(subject: Subject) -> Iterator[Finding]:
    if subject.kind == "image":
        return
    lengths = {member.path: len(installed_path(member.path)[0]) for member in subject.members}
    if not lengths:
        return
    longest = max(lengths, key=lambda path: lengths[path])
    for severity, room, where in (
        ("warning", LONGEST_PATH - PER_USER, "a per-user Python"),
        ("note", LONGEST_PATH - STORE, "Python from the Microsoft Store"),
    ):
        over = [path for path, length in lengths.items() if length > room]
        if over:
            yield Finding(
                severity="warning" if severity == "warning" else "note",
                module=longest,
                message=(
                    f"paths over 259 characters under {where} without long paths: {len(over)}; "
                    f"the longest takes {lengths[longest]}, {room} are left"
                ),
                evidence={"paths": sorted(over)[:20], "count": len(over), "room": room},
                fix="shorten folder and file names",
            )
            return


@rule(
    severity="error",
    title="A file name is invalid on Windows, or two names refer to the same file there",
    why=(
        "Names such as con.dll, nul or aux/ are device names on Windows, some characters and "
        "a dot at the end are not allowed, and names that differ only in case are the same. "
        "An installer fails, writes to a device, or keeps one of the two files: which one was"
        " checked is then a matter of chance."
    ),
    source="Microsoft, Naming Files, Paths, and Namespaces",
    fix="Give the file another name.",
)
def member_name(subject: Subject) -> Iterator[Finding]:
    paths = [member.path for member in subject.members]
    for path in paths:
        why = refused_by_windows(path)
        if why is not None:
            yield _name_finding(path, f"cannot be installed on Windows: {why}", "refused")
    for group in collisions(paths):
        kept = group[-1]
        others = ", ".join(group[:-1])
        yield _name_finding(
            kept,
            f"is the same file as {others} on Windows, which keeps one of them",
            "same-file",
        )


def _name_finding(path: str, message: str, kind: str) -> Finding:
    return Finding(
        severity="error",
        module=path,
        message=message,
        evidence={"kind": kind},
        fix="give the file another name",
    )
