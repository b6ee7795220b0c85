"""Replace a file atomically: readers see the old bytes or the new ones.

What is written first lies beside it under a name that others can foresee, in folders that several
users may write: a link that was put there is removed, never written through.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO, Final

#: Each is only there on some systems: Windows has no links that a user without rights can make.
_CAREFUL: Final = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"))


def replace(path: Path, data: bytes) -> None:
    """Write ``data`` beside ``path``, then rename it. Folders are made. Raises ``OSError``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(path.name + ".part")
    with open_new(staged) as out:
        out.write(data)
    staged.replace(path)


def open_new(path: Path) -> IO[bytes]:
    """Open a file of our own to write; whatever is there is removed first. Raises ``OSError``."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _CAREFUL, 0o666), "w+b")


def open_kept(path: Path) -> IO[bytes]:
    """Open what an earlier run left there, to go on writing; a new file where there is none.

    A link, a file that has a second name, and another user's are not what an earlier run left.
    """
    try:
        found = path.lstat()
        mine = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
        if not (mine and stat.S_ISREG(found.st_mode) and found.st_nlink == 1):
            return open_new(path)
        number = os.open(path, os.O_RDWR | _CAREFUL)
    except FileNotFoundError:
        return open_new(path)
    if not os.path.samestat(found, os.fstat(number)):  # it was exchanged meanwhile
        os.close(number)
        return open_new(path)
    return os.fdopen(number, "r+b")


def open_lock(path: Path) -> IO[bytes]:
    """Open a file that is never written, made where there is none. Raises ``OSError``."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _CAREFUL, 0o666), "ab")
