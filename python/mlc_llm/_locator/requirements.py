"""What must be true of the installed packages before any library is loaded.

The import and ``python -m mlc_llm.libinfo`` ask the same: the right tvm and tvm_ffi, found first,
whole, of the versions that this wheel was built for.
"""

from __future__ import annotations

import os
import sys

from mlc_llm._locator.host import this_host
from mlc_llm._locator.installed import same_release, version, wanted_versions
from mlc_llm._locator.judge import Verdict, judge
from mlc_llm._locator.packages import find_package
from mlc_llm._locator.places import extension

__all__ = ["require_packages", "require_version"]


def require_packages(library: str) -> str | None:
    """Raise ``LibraryLoadError`` where tvm or tvm_ffi is absent, another one, or not whole.

    Return the version of TVM that is wanted, None where nothing records one.
    """
    versions = wanted_versions(library)
    for name, wanted in zip(("tvm", "tvm_ffi"), versions, strict=True):
        if name == "tvm_ffi" and "tvm" in sys.modules and name not in sys.modules:
            break  # a TVM that provides its own, imported before
        package = find_package(name)
        if package is None or not _is_tvms(name, package.folder):
            from mlc_llm._locator import unfit  # noqa: PLC0415 - only after a failure

            raise unfit.another(name, package, library) if package else unfit.absent(name, library)
        if name == "tvm_ffi":
            _require_core(package.folder, library)
        require_version(name, version(name, package), wanted, library, exact=True)
    return versions[0]


def require_version(
    name: str, found: str | None, wanted: str | None, path: str = "", *, exact: bool = False
) -> None:
    """Refuse another version than the one this wheel was built for. None: nothing is recorded.

    A local label names a variant of the same release (``0.26.0+mlcbuild.mingw``). A distribution's
    version tells it, and with ``exact`` it must be the wanted one; ``tvm.__version__`` does not.
    """
    if found is None or wanted is None or wanted in (found, found.partition("+")[0]):
        return
    if not exact and same_release(found, wanted):
        return
    from mlc_llm._locator import unfit  # noqa: PLC0415 - only after a failure

    raise unfit.another_version(name, found, wanted, path)


def _is_tvms(name: str, folder: str) -> bool:
    """Tell Apache's package by files that every generation of it has."""
    if name == "tvm":
        return bool(folder) and os.path.isfile(os.path.join(folder, "base.py"))
    return bool(folder) and bool(
        os.path.isfile(os.path.join(folder, "registry.py")) or extension(folder, "core")
    )


def _require_core(folder: str, library: str) -> None:
    core = extension(folder, "core")
    verdict = judge(core, this_host()) if core and not core.endswith(".py") else Verdict()
    if core and verdict.good:
        return
    from mlc_llm._locator import unfit  # noqa: PLC0415 - only after a failure

    raise unfit.no_core(folder, core, verdict, library)
