"""``free-sdk``: the wheel was built with the free Windows SDK, which is for CI and tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.errors import InputError
from mlcbuild.rules.finding import Finding, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RULE"]


def _judge(subject: Subject) -> Iterator[Finding]:
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


RULE = Rule(
    severity="note",
    title="The wheel was built with the free Windows SDK",
    why=(
        "Its headers and its static half of the C++ runtime are open-source replacements for "
        "Microsoft's. Such a wheel runs, but is meant for CI and the lab: Microsoft supports "
        "only what its own SDK builds."
    ),
    source="mlcbuild, docs/windows-wheel.md",
    fix="Build it with Microsoft's SDK: --accept-license, or --sdk DIR.",
    judge=_judge,
)
