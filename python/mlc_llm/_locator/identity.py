"""Tell our library by what is in it: the names under which it registers with TVM."""

from __future__ import annotations

import os

from mlc_llm._locator.errors import LibraryLoadError

__all__ = ["is_ours", "not_ours"]

#: The start of what the engine registers, in every build of it since there was one.
_MARK = b"mlc.serve."
_STEP = 1 << 20


def is_ours(path: str) -> bool:
    """Read a library for the names that it registers. A file that cannot be read is not accused."""
    kept = b""
    try:
        with open(path, "rb") as file:
            while block := file.read(_STEP):
                if _MARK in kept + block:
                    return True
                kept = block[-len(_MARK) :]
    except OSError:
        return True
    return os.path.getsize(path) == 0


def not_ours(path: str) -> LibraryLoadError:
    """Return the error for a library that loads and is another one."""
    from mlc_llm._locator.fixes import reinstall  # noqa: PLC0415 - only after a failure

    return LibraryLoadError(
        f"{os.path.basename(path)} registers nothing of mlc_llm with TVM: it is another library",
        path=path,
        cause="not-mlc-llm",
        fix=reinstall(path),
    )
