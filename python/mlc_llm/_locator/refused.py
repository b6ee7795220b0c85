"""Explain why importing TVM failed: a library, a missing package, another generation of it."""

from __future__ import annotations

import os

from mlc_llm._locator.errors import LibraryLoadError
from mlc_llm._locator.explain import explain
from mlc_llm._locator.predict import predict
from mlc_llm._locator.process import loaded_module
from mlc_llm._locator.steps import steps
from mlc_llm._locator.unfit import lacking, missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlc_llm._locator import Host

__all__ = ["refused", "restart"]


def refused(
    error: Exception, library: str, host: Host, environment: Mapping[str, str]
) -> LibraryLoadError:
    """Return what made the import fail: what the files show of its loads, then what it says."""
    if isinstance(error, ModuleNotFoundError):
        return _lacks(error, library)
    found = predict(library, host, environment)
    native = isinstance(error, (OSError, ImportError))
    path = str(getattr(error, "path", None) or "") or _next(error, library, host, environment)
    if found.fault is not None and (not native or _same(found.path, path)):
        fault = found.fault
        return LibraryLoadError(
            fault.reason,
            path=found.path,
            culprit=fault.culprit,
            cause=fault.cause,
            fix=fault.fix,
            winerror=getattr(error, "winerror", None),
        )
    if native:
        return explain(error, path, host)
    return LibraryLoadError(
        f"importing tvm failed: {type(error).__name__}: {error}",
        path=library,
        cause="stamp-mismatch",
        fix="pip install --force-reinstall mlc_llm (installs the TVM it was built for)",
    )


def _next(error: Exception, library: str, host: Host, environment: Mapping[str, str]) -> str:
    """Return the library whose load failed: the first that is not loaded, or that is named."""
    for step in steps(library, host, environment):
        name = os.path.basename(step.path)
        named = host.system == "windows" or name in str(error)
        if named and not step.optional and not loaded_module(name):
            return step.path
    return library


def _same(one: str, other: str) -> bool:
    return os.path.normcase(os.path.abspath(one)) == os.path.normcase(os.path.abspath(other))


def restart(reason: str, library: str) -> LibraryLoadError:
    """Return the error of an import that cannot work any more in a process where one failed."""
    return LibraryLoadError(
        f"an import failed in this process before, and its remains are in the way: {reason}",
        path=library,
        cause="restart-needed",
        fix="start Python again (in a notebook: restart the kernel)",
    )


def _lacks(error: ModuleNotFoundError, library: str) -> LibraryLoadError:
    name = (error.name or "").partition(".")[0]
    return missing(lacking(name) or name, library)
