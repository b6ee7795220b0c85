"""The tvm and tvm_ffi that this mlc_llm would meet: where they are, and of which version."""

from __future__ import annotations

import os
import sys

from mlc_llm._locator.distributions import distribution, distributions_in
from mlc_llm._locator.packages import find_package
from mlc_llm._locator.stamp import pinned_source, read_stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlc_llm._locator.distributions import Distribution
    from mlc_llm._locator.packages import Package

__all__ = ["PACKAGE", "installed_mlc", "package_folder", "same_release"]
__all__ += ["version", "wanted_versions"]

#: The folder of the package that this file is part of.
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_DISTRIBUTIONS = {"tvm": "apache_tvm", "tvm_ffi": "apache_tvm_ffi"}


def package_folder(name: str) -> str | None:
    """Return the folder of package ``name`` without importing it, or None."""
    found = find_package(name)
    return found.folder or None if found else None


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


def same_release(one: str, other: str) -> bool:
    """Tell whether two versions differ in their local labels at most."""
    return one.partition("+")[0] == other.partition("+")[0]


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


def installed_mlc(package: str = PACKAGE) -> Distribution | None:
    """Return the distribution of the mlc_llm in a folder; an editable one can lie elsewhere."""
    found = distributions_in(os.path.dirname(package), "mlc_llm")
    if found:
        return found[-1]
    return None if os.path.isdir(os.path.join(package, "lib")) else distribution("mlc_llm")


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
