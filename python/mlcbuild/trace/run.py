"""Trace what a command line names: a file, or a Python module by its import name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError, UsageError
from mlcbuild.trace.image import image_trace
from mlcbuild.trace.module import module_trace
from mlcbuild.trace.probe import Probe

if TYPE_CHECKING:
    from mlcbuild.trace.hosts import Host
    from mlcbuild.trace.result import Options, Trace

__all__ = ["trace"]

_ENDINGS: Final = (".dll", ".pyd")


def trace(target: str, host: Host, options: Options) -> Trace:
    """Trace a file or, by its import name, a Python module.

    Raises ``UsageError`` for a program, ``InputError`` for a file that does not exist or a name
    that is none, ``FailedError`` where no child can be run.
    """
    probe = Probe(host=host, limit_s=options.limit_s)
    if target.casefold().endswith(".exe"):
        raise UsageError(
            f"{target}: trace loads DLLs and modules, not programs",
            remedy=f"mlcbuild check {target} predicts its start",
        )
    if _is_file_name(target):
        path = Path(target)
        if not path.is_file():
            raise InputError(f"{target}: no such file", remedy="name a .dll, a .pyd or a module")
        return image_trace(str(path.absolute()), probe, options)
    if not all(part.isidentifier() for part in target.split(".")):
        raise InputError(f"{target}: neither a file nor an import name")
    return module_trace(target, probe, options)


def _is_file_name(target: str) -> bool:
    """Return whether a target is meant as a file."""
    return (
        target.casefold().endswith(_ENDINGS)
        or any(mark in target for mark in "/\\")
        or Path(target).is_file()
    )
