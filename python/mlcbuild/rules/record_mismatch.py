"""``record-mismatch``: a wheel's RECORD does not describe its contents."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from mlcbuild.rules.model import Finding, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.package.model import WheelFacts

__all__ = ["RULE", "recorded_sha256"]

#: Files that RECORD cannot or need not list: itself and its signatures.
_UNLISTED = ("/RECORD", "/RECORD.jws", "/RECORD.p7s")


def recorded_sha256(wheel: WheelFacts, path: str) -> str | None:
    """Return the sha256 that RECORD gives for a member as lower-case hex, or None."""
    digest, _ = wheel.record.get(path, ("", None))
    algorithm, _, value = digest.partition("=")
    if algorithm != "sha256":
        return None
    try:
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()
    except (binascii.Error, ValueError):
        return value


def _judge(subject: Subject) -> Iterator[Finding]:
    wheel = subject.wheel
    if wheel is None or subject.kind == "installed":
        return
    present = {member.path: member.size for member in subject.members}
    if not wheel.record:
        yield _finding(None, "the wheel has no readable RECORD", "no-record")
        return
    # PyQt6-Qt6 lists its own RECORD with a back slash: installers on Windows take both.
    record = {path.replace("\\", "/"): row for path, row in wheel.record.items()}
    for path, (_, size) in record.items():
        if path not in present:
            if not path.endswith(("/", *_UNLISTED)):
                yield _finding(path, "RECORD lists a file that is not in the wheel", "absent")
        elif size is not None and size != present[path]:
            yield _finding(
                path, f"RECORD says {size} bytes, the wheel holds {present[path]}", "size"
            )
        elif _changed(subject, wheel, path):
            yield _finding(path, "the content is not what RECORD's sha256 says", "hash")
    for path in present:
        in_dist_info = path.partition("/")[0].endswith(".dist-info")
        if path not in record and not (in_dist_info and path.endswith(_UNLISTED)):
            yield _finding(path, "RECORD does not list this file", "unlisted")


def _changed(subject: Subject, wheel: WheelFacts, path: str) -> bool:
    recorded, actual = recorded_sha256(wheel, path), subject.digests.get(path)
    return recorded is not None and actual is not None and recorded != actual


def _finding(path: str | None, message: str, kind: str) -> Finding:
    return Finding(
        rule=RULE.id,
        severity="error",
        module=path,
        message=message,
        evidence={"kind": kind},
        fix="repack with `wheel pack`, which writes RECORD anew",
    )


RULE = Rule(
    id="record-mismatch",
    severity="error",
    title="RECORD and the contents of the wheel disagree",
    why=(
        "RECORD lists every file of a wheel with its hash and size. Installers that check it "
        "refuse the wheel, package indexes refuse the upload, and uninstalling leaves files that "
        "it does not name. It goes stale when a wheel is changed by hand after it was built."
    ),
    source="PyPA, Binary distribution format; Recording installed projects",
    fix="Unpack with `wheel unpack` and repack with `wheel pack`.",
    judge=_judge,
)
