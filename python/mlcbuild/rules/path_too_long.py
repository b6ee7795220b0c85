"""``path-too-long``: a member whose installed path exceeds Windows' limit of 260 characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.package.names import installed_path
from mlcbuild.rules.finding import Finding, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LONGEST_PATH", "PER_USER", "RULE", "STORE"]

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


def _judge(subject: Subject) -> Iterator[Finding]:
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


RULE = Rule(
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
    judge=_judge,
)
