"""Trace what a command line names: a file, or a Python module by its import name.

Other commands accept more (``mlcbuild.package.targets``); for each of those the error names the
command to type, before a lab is created for it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError, UsageError
from mlcbuild.package.natives import foreign_format, no_such_file, wrong_kind
from mlcbuild.trace.image import image_trace
from mlcbuild.trace.module import module_trace
from mlcbuild.trace.probe import Probe

if TYPE_CHECKING:
    from mlcbuild.trace.hosts import Host
    from mlcbuild.trace.result import Options, Trace

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


def trace(target: str, host: Host, options: Options) -> Trace:
    """Trace a file or, by its import name, a Python module.

    Raises ``UsageError`` and ``InputError`` for what cannot be loaded or does not exist,
    ``FailedError`` where no child can be run.
    """
    require_kind(target)
    probe = Probe(host=host, limit_s=options.limit_s)
    if is_file_name(target):
        path = Path(target)
        if not path.is_file():
            raise InputError(f"{target}: no such file", remedy="name a .dll, a .pyd or a module")
        return image_trace(str(path.absolute()), probe, options)
    return module_trace(target, probe, options)
