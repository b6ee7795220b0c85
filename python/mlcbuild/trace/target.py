"""The targets of ``mlcbuild trace``: a file that Windows loads, or a name to import.

Other commands accept more (``mlcbuild.package.targets``); for each of those the error names the
command to type, before a lab is created for it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from mlcbuild.errors import InputError, UsageError
from mlcbuild.package.natives import foreign_format, no_such_file, wrong_kind

_ENDINGS: Final = (".dll", ".pyd")
_HEAD: Final = 16


def is_file_name(target: str) -> bool:
    """Return whether a target is meant as a file."""
    return (
        target.casefold().endswith(_ENDINGS)
        or any(mark in target for mark in "/\\")
        or Path(target).is_file()
    )


def require_kind(target: str) -> None:
    """Raise ``UsageError`` or ``InputError`` for what trace cannot load, with what can be done."""
    name = target.casefold()
    if name.endswith(".exe"):
        raise UsageError(
            f"{target}: trace loads DLLs and modules, not programs",
            remedy=f"mlcbuild check {target} predicts its start",
        )
    if re.match(r"https?:/", name):
        raise no_such_file(target, on_index=False)
    if name.endswith(".whl"):
        raise UsageError(
            f"{target}: a wheel, and trace loads what is installed",
            remedy=f"mlcbuild verify {target} installs and imports it (--lab: under Wine)",
        )
    if name.startswith(("installed:", "pypi:")):
        raise UsageError(
            f"{target}: trace takes a file or a name to import",
            remedy=f"mlcbuild check {target} predicts it",
        )
    if Path(target).is_dir() and not target.isidentifier():
        raise UsageError(
            f"{target}: a folder",
            remedy=f"name a .dll or .pyd in it (mlcbuild check {target} predicts them all)",
        )
    if is_file_name(target):
        if not name.endswith(_ENDINGS):  # a DLL that is none is a fault to find
            _require_windows(target)
    elif not all(part.isidentifier() for part in target.split(".")):
        guess = target.replace("-", "_")
        remedy = f"by its import name: mlcbuild trace {guess}" if guess.isidentifier() else ""
        raise InputError(f"{target}: neither a file nor an import name", remedy=remedy)


def _require_windows(target: str) -> None:
    path = Path(target)
    if path.is_file():
        with path.open("rb") as stream:
            found = foreign_format(stream.read(_HEAD))
        if found:
            raise wrong_kind(target, found)
