"""``member-name``: names that are invalid on Windows, or that refer to the same file there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.package.names import collisions, refused_by_windows
from mlcbuild.rules.finding import Finding, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RULE"]


def _judge(subject: Subject) -> Iterator[Finding]:
    paths = [member.path for member in subject.members]
    for path in paths:
        why = refused_by_windows(path)
        if why is not None:
            yield _finding(path, f"cannot be installed on Windows: {why}", "refused")
    for group in collisions(paths):
        kept = group[-1]
        others = ", ".join(group[:-1])
        yield _finding(
            kept,
            f"is the same file as {others} on Windows, which keeps one of them",
            "same-file",
        )


def _finding(path: str, message: str, kind: str) -> Finding:
    return Finding(
        severity="error",
        module=path,
        message=message,
        evidence={"kind": kind},
        fix="give the file another name",
    )


RULE = Rule(
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
    judge=_judge,
)
