"""Write a report file atomically."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from mlcbuild.errors import InputError
from mlcbuild.redaction import redacted


def write_output(path: Path, text: str, *, option: str = "--output") -> None:
    """Write UTF-8 text beside ``path``, then rename it into place.

    Raises ``InputError`` where the folder is absent or not writable; ``path`` is then untouched.
    """
    staged = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        staged = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            # A lone surrogate cannot be encoded: escape it.
            stream.write(redacted(text).encode("utf-8", "backslashreplace").decode("utf-8"))
        if os.name == "posix":
            umask = os.umask(0)
            os.umask(umask)
            staged.chmod(0o666 & ~umask)
        staged.replace(path)
    except OSError as error:
        if staged is not None:
            staged.unlink(missing_ok=True)
        raise InputError(
            f"cannot write {path}: {error.strerror}", remedy=f"choose another {option}"
        ) from error
