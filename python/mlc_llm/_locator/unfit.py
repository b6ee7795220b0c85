"""Say what is wrong with the installed packages, and the command that puts the right ones first."""

from __future__ import annotations

import os
import sys

from mlc_llm._locator import PACKAGE
from mlc_llm._locator.errors import LibraryLoadError
from mlc_llm._locator.fixes import install, reinstall, rename, unset
from mlc_llm._locator.packages import all_packages, put_there
from mlc_llm._locator.places import find_package, native, other_extensions
from mlc_llm._locator.records import distributions_in, installed_mlc, same_release

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlc_llm._locator.judge import Verdict
    from mlc_llm._locator.places import Package

__all__ = ["absent", "another", "another_version", "lacking", "missing", "no_core"]

_NAMES = {"tvm": "apache-tvm", "tvm_ffi": "apache-tvm-ffi"}


def lacking(name: str = "") -> str:
    """Return the requirement of mlc_llm that is not installed (that of module ``name``), or ""."""
    mlc = installed_mlc()
    wanted = [each for each in (mlc.requires() if mlc else ()) if "extra" not in each[2]]
    entries = dict.fromkeys(sys.path) if wanted else {}
    known = {_plain(each.name) for entry in entries for each in distributions_in(entry or ".")}
    for each, how, _ in wanted:
        module = _plain(each)
        if module.startswith("apache_tvm") or (name and name != module):
            continue
        if module not in known:
            return each + how
    return ""


def missing(wanted: str, library: str) -> LibraryLoadError:
    """Return the error for a requirement that is not installed."""
    end = next((i for i, c in enumerate(wanted) if c in " <>=!~[("), len(wanted))
    return LibraryLoadError(
        f"the package {wanted[:end]} is not installed, which mlc_llm needs",
        path=library,
        culprit=wanted[:end],
        cause="missing-package",
        fix=f'pip install "{wanted}"',
    )


def absent(name: str, library: str) -> LibraryLoadError:
    command = install(_NAMES[name]).replace("--force-reinstall --no-deps ", "")
    return LibraryLoadError(
        f"the package {name} is not installed, which mlc_llm needs",
        path=library,
        culprit=name,
        cause="missing-package",
        fix=command,
    )


def another(name: str, package: Package, library: str) -> LibraryLoadError:
    """Return the error for what has only the name of TVM's package."""
    found = package.folder or package.path
    why, fix = _found_first(name, package)
    return LibraryLoadError(
        f"{found} is found first and is another {name} than that of {_NAMES[name]}{why}",
        path=library,
        culprit=found,
        cause="wrong-package",
        fix=fix,
    )


def another_version(name: str, found: str, wanted: str, path: str) -> LibraryLoadError:
    """Return the error for another version than the one this wheel was built for."""
    if error := _contradicted(name, found, wanted):
        return error
    package = find_package(name)
    why, fix = _found_first(name, package, wanted)
    return LibraryLoadError(
        f"{name} {found} is installed or imported, this mlc_llm was built for {wanted}{why}",
        path=path,
        culprit=package.folder if package else "",
        cause="stamp-mismatch",
        fix=fix,
    )


def _contradicted(name: str, found: str, wanted: str) -> LibraryLoadError | None:
    """Return the error for a wheel whose stamp and metadata are of different builds, else None.

    No version of TVM suits both: what the metadata pins is refused, and pip refuses what is wanted.
    """
    mlc = installed_mlc()
    pin = mlc.pins().get(_NAMES[name]) if mlc else None
    if pin is None or same_release(pin, wanted):
        return None
    stamp = os.path.join(PACKAGE, "_build.json")
    fix = reinstall(stamp)
    return LibraryLoadError(
        f"mlc_llm is of two builds: its stamp says that it was built for {name} {wanted}, its "
        f"metadata requires {pin}, and {found} is installed",
        path=stamp,
        cause="stamp-mismatch",
        fix=fix if same_release(found, pin) else fix.replace(" --no-deps", ""),
    )


def no_core(folder: str, core: str, verdict: Verdict, library: str) -> LibraryLoadError:
    """Return the error for a tvm_ffi that lost what this Python imports of it."""
    others = other_extensions(folder, "core")
    if core:
        reason = f"{core} is {verdict.reason}"
    elif others:
        reason = f"tvm_ffi.core is there for another Python ({', '.join(others)})"
    else:
        reason = f"tvm_ffi.core, the extension module of {folder}, is gone"
    return LibraryLoadError(
        reason,
        path=library,
        culprit=core or os.path.join(folder, others[0] if others else native("core")),
        cause=verdict.cause or "missing-dll",
        fix=install("apache-tvm-ffi"),
    )


def _found_first(name: str, package: Package | None, wanted: str = "") -> tuple[str, str]:
    """Say what puts a package before the right one, and the command that ends it."""
    fix = f"pip install {_NAMES[name]}=={wanted}" if wanted else install(_NAMES[name])
    if package is None or _same(package.entry, os.path.dirname(PACKAGE)):
        return "", fix
    through = put_there(package.entry)
    if not through:
        return "", fix
    why = f"; it comes first through {through}"
    if not any(each.folder and each.entry != package.entry for each in all_packages(name)):
        return why, fix
    if through == "PYTHONPATH":
        return why, unset("PYTHONPATH")
    return why, rename(through if through.endswith(".pth") else package.folder or package.path)


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")


def _same(one: str, other: str) -> bool:
    return os.path.normcase(one) == os.path.normcase(other)
