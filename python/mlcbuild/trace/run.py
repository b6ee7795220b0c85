"""Trace what a command line names: a file, or a Python module by its import name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild.errors import InputError
from mlcbuild.trace.image import image_trace
from mlcbuild.trace.module import module_trace
from mlcbuild.trace.probe import Probe
from mlcbuild.trace.target import is_file_name, require_kind

if TYPE_CHECKING:
    from mlcbuild.trace.hosts import Host
    from mlcbuild.trace.result import Options, Trace


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
