"""What must be true of the installed packages before any library is loaded.

The import and ``python -m mlc_llm.libinfo`` ask the same: the right tvm and tvm_ffi, found first,
whole, of the versions that this wheel was built for.
"""

from __future__ import annotations

import os
import sys

from mlc_llm._locator.distributions import distributions_in
from mlc_llm._locator.errors import LibraryLoadError
from mlc_llm._locator.host import this_host
from mlc_llm._locator.installed import (
    PACKAGE,
    installed_mlc,
    same_release,
    version,
    wanted_versions,
)
from mlc_llm._locator.judge import Verdict, judge
from mlc_llm._locator.packages import all_packages, find_package, put_there
from mlc_llm._locator.places import extension, native, other_extensions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlc_llm._locator.packages import Package

__all__ = ["lacking", "missing", "require_packages", "require_version"]

_NAMES = {"tvm": "apache-tvm", "tvm_ffi": "apache-tvm-ffi"}


def require_packages(library: str) -> str | None:
    """Raise ``LibraryLoadError`` where tvm or tvm_ffi is absent, another one, or not whole.

    Return the version of TVM that is wanted, None where nothing records one.
    """
    versions = wanted_versions(library)
    for name, wanted in zip(("tvm", "tvm_ffi"), versions, strict=True):
        if name == "tvm_ffi" and "tvm" in sys.modules and name not in sys.modules:
            break  # a TVM that provides its own, imported before
        package = find_package(name)
        if package is None:
            raise _absent(name, library)
        _require_whole(name, package, library)
        require_version(name, version(name), wanted, library, exact=True)
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
    package = find_package(name)
    why, fix = _found_first(name, package, wanted)
    raise LibraryLoadError(
        f"{name} {found} is installed or imported, this mlc_llm was built for {wanted}{why}",
        path=path,
        culprit=package.folder if package else "",
        cause="stamp-mismatch",
        fix=fix,
    )


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


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")


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


def _absent(name: str, library: str) -> LibraryLoadError:
    from mlc_llm._locator.fixes import install  # noqa: PLC0415 - only after a failure

    command = install(_NAMES[name]).replace("--force-reinstall --no-deps ", "")
    return LibraryLoadError(
        f"the package {name} is not installed, which mlc_llm needs",
        path=library,
        culprit=name,
        cause="missing-package",
        fix=command,
    )


def _require_whole(name: str, package: Package, library: str) -> None:
    """Refuse what has only the name, and a package that lost what this Python imports of it."""
    if not _is_tvms(name, package.folder):
        found = package.folder or package.path
        why, fix = _found_first(name, package)
        raise LibraryLoadError(
            f"{found} is found first and is another {name} than that of {_NAMES[name]}{why}",
            path=library,
            culprit=found,
            cause="wrong-package",
            fix=fix,
        )
    if name == "tvm_ffi":
        _require_core(package.folder, library)


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
    from mlc_llm._locator.fixes import install  # noqa: PLC0415 - only after a failure

    others = other_extensions(folder, "core")
    if core:
        reason = f"{core} is {verdict.reason}"
    elif others:
        reason = f"tvm_ffi.core is there for another Python ({', '.join(others)})"
    else:
        reason = f"tvm_ffi.core, the extension module of {folder}, is gone"
    raise LibraryLoadError(
        reason,
        path=library,
        culprit=core or os.path.join(folder, others[0] if others else native("core")),
        cause=verdict.cause or "missing-dll",
        fix=install("apache-tvm-ffi"),
    )


def _found_first(name: str, package: Package | None, wanted: str = "") -> tuple[str, str]:
    """Say what puts a package before the right one, and the command that ends it."""
    from mlc_llm._locator.fixes import install, rename, unset  # noqa: PLC0415 - after a failure

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


def _same(one: str, other: str) -> bool:
    return os.path.normcase(one) == os.path.normcase(other)
