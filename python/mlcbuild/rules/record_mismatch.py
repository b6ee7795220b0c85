"""``record-mismatch``: a wheel's RECORD does not describe its contents."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

from mlcbuild.package.record import ABSENT_LIMIT, RecordFile
from mlcbuild.rules.finding import Finding, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.package.record import Row

__all__ = ["RULE", "sha256_of_row"]

#: Files that RECORD cannot or need not list: itself and its signatures.
_UNLISTED: Final = ("/RECORD", "/RECORD.jws", "/RECORD.p7s")


_HEX: Final = re.compile(r"[0-9A-Fa-f]{64}")

#: Hashes that RECORD may give: sha256 or better. The better ones are not compared here.
_GOOD: Final = frozenset({"sha256", "sha384", "sha512"})


def sha256_of_row(digest: str) -> str | None:
    """Return the sha256 in a row of RECORD as lower-case hex, None if it has none."""
    algorithm, _, value = digest.partition("=")
    if algorithm != "sha256":
        return None
    if _in_hex(digest):
        return value.lower()
    try:
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()
    except (binascii.Error, ValueError):
        return value


def _in_hex(digest: str) -> bool:
    """Return whether a row's sha256 is hexadecimal: base64 of 32 bytes is never 64 digits."""
    algorithm, _, value = digest.partition("=")
    return algorithm == "sha256" and _HEX.fullmatch(value) is not None


def _judge(subject: Subject) -> Iterator[Finding]:
    wheel = subject.wheel
    if wheel is None or subject.kind == "installed":
        return
    file = wheel.record_file or RecordFile(rows=wheel.record)
    if not file.rows:
        yield _finding(None, file.problem or "the wheel's RECORD is empty", "no-record")
        return
    present = {member.path: member.size for member in subject.members}
    for path, row in file.rows.items():
        if path in present:
            yield from _differing(subject, path, row, present[path])
        elif not path.endswith(("/", *_UNLISTED)):
            yield _finding(path, "RECORD lists a file that is not in the wheel", "absent")
    hexadecimal = [path for path, (digest, _) in file.rows.items() if _in_hex(digest)]
    if hexadecimal:
        yield Finding(
            severity="note",
            module=hexadecimal[0],
            message=f"RECORD gives the sha256 of {len(hexadecimal)} files in hexadecimal",
            evidence={"kind": "hexadecimal", "count": len(hexadecimal)},
            fix="write it as URL-safe base64, as `wheel pack` does: strict installers want that",
        )
    if file.more_absent:
        yield _finding(
            None,
            f"RECORD lists {file.more_absent} more files that are not in the wheel; "
            f"{ABSENT_LIMIT} are named",
            "absent",
        )
    for path in file.repeated:
        yield _finding(path, "RECORD has two rows of this file, which differ", "repeated")
    for path in present:
        in_dist_info = path.partition("/")[0].endswith(".dist-info")
        if path not in file.rows and not (in_dist_info and path.endswith(_UNLISTED)):
            yield _finding(path, "RECORD does not list this file", "unlisted")


def _differing(subject: Subject, path: str, row: Row, held: int) -> Iterator[Finding]:
    """Compare one existing file with its row."""
    digest, size = row
    recorded, actual = sha256_of_row(digest), subject.digests.get(path)
    algorithm = digest.partition("=")[0]
    if size is not None and size != held:
        yield _finding(path, f"RECORD says {size} bytes, the wheel holds {held}", "size")
    elif recorded is not None and actual is not None and recorded != actual:
        yield _finding(path, "the content is not what RECORD's sha256 says", "hash")
    elif digest and algorithm not in _GOOD:
        yield _finding(path, f"RECORD's hash is {algorithm!a}: it must be sha256 or better", "hash")


def _finding(path: str | None, message: str, kind: str) -> Finding:
    return Finding(
        severity="error",
        module=path,
        message=message,
        evidence={"kind": kind},
        fix="repack with `wheel pack`, which rewrites RECORD",
    )


RULE = Rule(
    severity="error; note for a correct hash in hexadecimal",
    title="RECORD and the contents of the wheel disagree",
    why=(
        "RECORD lists every file of a wheel with its hash and size. Installers that check it "
        "reject the wheel, package indexes reject the upload, and uninstalling leaves files "
        "that it does not list. It becomes stale if a wheel is changed manually after the "
        "build."
    ),
    source="PyPA, Binary distribution format; Recording installed projects",
    fix="Unpack with `wheel unpack` and repack with `wheel pack`.",
    judge=_judge,
)
