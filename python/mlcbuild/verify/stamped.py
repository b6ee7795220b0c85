"""The stamp step: are the wheel's native files those that were built and checked."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from mlcbuild.errors import FailedError, InputError
from mlcbuild.stamp import digest, mismatches, read_stamp

if TYPE_CHECKING:
    from mlcbuild.verify.subject import Subject


def step_stamp(subject: Subject) -> str:
    """Compare each stamp with the native files of its package.

    Raises ``FailedError`` for a file that is missing, was changed or came from elsewhere.
    """
    if not subject.stamps:
        return "no stamp: the wheel does not record how it was built"
    said = []
    with zipfile.ZipFile(subject.path) as archive:
        for path in subject.stamps:
            try:
                stamp = read_stamp(archive.read(path))
            except InputError as error:
                raise FailedError(f"{path}: {error.message}", remedy="build it again") from error
            below = path.rpartition("/")[0] + "/"
            stamped = {file.path for file in stamp.files}
            native = {name for name in subject.natives if name.startswith(below)} | stamped
            present = native & set(archive.namelist())
            files = {name: digest(name, archive.read(name)) for name in present}
            for mismatch in mismatches(stamp, files):
                raise FailedError(
                    f"{mismatch.path} {mismatch.message} (stamp-mismatch)",
                    remedy="build the wheel again",
                )
            said.append(f"{stamp.configuration}, {len(files)} native files as they were built")
    return "; ".join(said)
