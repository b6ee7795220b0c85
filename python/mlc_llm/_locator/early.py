"""What is certain before the load and would take the process with it: the mutex rule.

An initialiser that crashes leaves nothing behind to explain itself. The msvcp140.dll that will win
is known beforehand; only where it is too old is anything else read.
"""

from __future__ import annotations

import os

from mlc_llm._locator.petables import file_version
from mlc_llm._locator.process import loaded_module
from mlc_llm._locator.search import Search
from mlc_llm._locator.steps import added_folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlc_llm._locator import Host

__all__ = ["require_runtime"]

#: From here on an msvcp140.dll works with whatever locks a mutex.
_GOOD = (14, 40)


def require_runtime(library: str, host: Host, environment: Mapping[str, str]) -> None:
    """Raise ``LibraryLoadError`` where the import would crash on an old msvcp140.dll."""
    if all((file_version(path) or _GOOD)[:2] >= _GOOD for path in _copies(library, host)):
        return
    from mlc_llm._locator.errors import LibraryLoadError  # noqa: PLC0415 - only where it is old
    from mlc_llm._locator.predict import predict  # noqa: PLC0415

    found = predict(library, host, environment)
    if found.fault is not None and found.fault.cause == "mutex-abi":
        raise LibraryLoadError(
            found.fault.reason,
            path=found.path,
            culprit=found.fault.culprit,
            cause=found.fault.cause,
            fix=found.fault.fix,
        )


def _copies(library: str, host: Host) -> Iterator[str]:
    """Yield where an msvcp140.dll can win: the loaded one alone, else each place that is sought."""
    if loaded := loaded_module("msvcp140.dll"):
        yield loaded
        return
    folders = [os.path.dirname(library), *Search(host, added_folders(host)).order("")]
    for folder in dict.fromkeys(folders):
        yield os.path.join(folder, "msvcp140.dll")
