"""The tvm and tvm_ffi that this mlc_llm would meet, and what must be true of them before a load.

The import and ``python -m mlc_llm.libinfo`` ask the same: the right packages, found first, whole,
of the versions that this wheel was built for.
"""

from __future__ import annotations

import os
import sys

from mlc_llm._locator import PACKAGE, this_host
from mlc_llm._locator.judge import Verdict, judge
from mlc_llm._locator.places import extension, find_package
from mlc_llm._locator.records import (
    distributions_in,
    installed_mlc,
    pinned_source,
    read_stamp,
    same_release,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlc_llm._locator.places import Package

__all__ = ["require_packages", "require_version", "version", "wanted_versions"]

_DISTRIBUTIONS = {"tvm": "apache_tvm", "tvm_ffi": "apache_tvm_ffi"}


def version(name: str, package: Package | None = None) -> str | None:
    """Return the version of the ``tvm`` or ``tvm_ffi`` that is found; None where nothing tells.

    Its code has the last word: metadata of a version that is gone can lie beside it. ``package`` is
    what was found already.
    """
    package = package or find_package(name)
    if package is None or not package.folder:
        return None
    code = _written(package.folder) or getattr(sys.modules.get(name), "__version__", None)
    known = [each.version for each in distributions_in(package.entry, _DISTRIBUTIONS[name])]
    if code is None:
        return known[-1] if known else None
    return next((each for each in known if same_release(each, str(code))), str(code))


def _written(folder: str) -> str | None:
    """Return the version that a package's ``_version.py`` assigns."""
    try:
        with open(os.path.join(folder, "_version.py"), encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError):
        return None
    for line in text.splitlines():
        name, _, value = line.rpartition("=")
        if (
            name.startswith(("__version__ ", "version =", "version="))
            and value.strip()[:1] in "'\""
        ):
            return value.strip().strip("'\"")
    return None


def wanted_versions(library: str) -> tuple[str | None, str | None]:
    """Return the versions of apache-tvm and apache-tvm-ffi that ``library`` belongs to.

    Its stamp has them where they came from a release; else the installed metadata pins them. None:
    nothing records it.
    """
    package = os.path.dirname(os.path.dirname(library))
    stamp = read_stamp(package)
    tvm = pinned_source(stamp, "tvm", "apache-tvm")
    ffi = pinned_source(stamp, "apache-tvm-ffi")
    if tvm is None or ffi is None:
        mlc = installed_mlc(package if os.path.basename(package) == "mlc_llm" else PACKAGE)
        if mlc is not None:
            pins = mlc.pins()
            tvm, ffi = tvm or pins.get("apache-tvm"), ffi or pins.get("apache-tvm-ffi")
    return tvm, ffi


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
