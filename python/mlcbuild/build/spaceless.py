"""Another name for a folder whose own has a space, for programs that cannot take one.

rustc calls binutils' dlltool for the DLLs that crates name themselves; dlltool makes one text of
its assembler's command, and a path with a space becomes two words.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from mlcbuild.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["spaceless"]


def spaceless(folder: Path, cache: Path) -> Path:
    """Return ``folder``, or a link to it in ``cache`` where its name has a space.

    The link's name is always the same for one folder, so that what was built is found again. Where
    the cache's own name has a space, or Windows lets this user make no links, ``folder`` is
    returned as it is. Raises ``InputError`` where the cache cannot be written.
    """
    if not _has_space(folder) or _has_space(cache):
        return folder
    link = cache / "links" / hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(folder, target_is_directory=True)
    except OSError as error:
        if os.name == "nt":
            return folder
        raise InputError(
            f"cannot write {error.filename2 or error.filename}: {error.strerror}",
            remedy="build in a folder without a space in its name",
        ) from error
    return link if link.is_dir() else folder  # Wine says that it made one


def _has_space(path: Path) -> bool:
    return any(letter.isspace() for letter in str(path))
