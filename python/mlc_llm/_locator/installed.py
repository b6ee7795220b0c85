"""What is installed beside us: folders and versions, read from names and METADATA.

``importlib.metadata`` knows all this too, and costs every import 12 ms; here it is the fallback.
"""

from __future__ import annotations

import os
import sys

from mlc_llm._locator.errors import LibraryLoadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "PACKAGE",
    "from_where_it_came",
    "library_folders",
    "package_folder",
    "read_stamp",
    "require_version",
    "required",
    "stamped_size",
    "version",
    "wanted_tvm",
]

#: The folder of the package that this file is part of.
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_DISTRIBUTIONS = {"tvm": "apache_tvm", "tvm_ffi": "apache_tvm_ffi"}


def package_folder(name: str) -> str | None:
    """Return the folder of package ``name`` without importing it, or None."""
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if file:
        return os.path.dirname(os.path.abspath(str(file)))
    for entry in sys.path:
        folder = os.path.join(entry or os.curdir, name)
        if os.path.isfile(os.path.join(folder, "__init__.py")):
            return os.path.abspath(folder)
    return None


def library_folders() -> list[str]:
    """Return the library folders of the installed tvm_ffi and tvm, those that exist."""
    found = []
    for name in ("tvm_ffi", "tvm"):
        package = package_folder(name)
        folder = os.path.join(package, "lib") if package else ""
        if folder and os.path.isdir(folder):
            found.append(folder)
    return found


def version(name: str) -> str | None:
    """Return the version of the installed ``tvm`` or ``tvm_ffi``; None where nothing tells."""
    package = package_folder(name)
    info = package and _dist_info(os.path.dirname(package), _DISTRIBUTIONS[name])
    if info:
        return info.removesuffix(".dist-info").partition("-")[2]
    known = getattr(sys.modules.get(name), "__version__", None)
    return str(known) if known else None


def required(package: str, distribution: str) -> str | None:
    """Return the version that the mlc_llm in folder ``package`` pins, None where it pins none."""
    site = os.path.dirname(package)
    info = _dist_info(site, "mlc_llm")
    if info is None:
        return None
    try:
        with open(os.path.join(site, info, "METADATA"), encoding="utf-8") as file:
            for line in file:
                name, mark, pinned = line.rstrip("\n").partition("==")
                if mark and name == f"Requires-Dist: {distribution}":
                    return pinned.partition(";")[0].strip()
                if line == "\n":  # the description follows
                    break
    except (OSError, UnicodeDecodeError):
        pass
    return None


def from_where_it_came(fix: str) -> str:
    """Let a pip command that ends in ``mlc_llm`` name the wheel that was installed, if a file.

    The name alone would bring what an index has under it, which can be another build.
    """
    head, _, name = fix.rpartition(" ")
    site = os.path.dirname(PACKAGE)
    info = _dist_info(site, "mlc_llm") if name == "mlc_llm" else None
    if info is None:
        return fix
    try:
        with open(os.path.join(site, info, "direct_url.json"), encoding="utf-8") as file:
            origin = _parse(file.read())
    except (OSError, ValueError, StopIteration):
        return fix
    url = origin.get("url") if isinstance(origin, dict) else None
    wheel = isinstance(url, str) and url.endswith(".whl")
    return f'{head} "{url}"' if wheel else fix


def read_stamp(package: str) -> dict[str, Any]:
    """Return ``_build.json`` of the package, or an empty table where there is none that reads."""
    try:
        with open(os.path.join(package, "_build.json"), encoding="utf-8") as file:
            stamp = _parse(file.read())
    except (OSError, ValueError, StopIteration):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def stamped_size(stamp: dict[str, Any], file_name: str) -> int | None:
    """Return the size in bytes that the stamp has for a file, None where it has none."""
    files = stamp.get("files")
    for file in files if isinstance(files, list) else ():
        if isinstance(file, dict) and str(file.get("path")).rpartition("/")[2] == file_name:
            size = file.get("size")
            return size if isinstance(size, int) else None
    return None


def _dist_info(site: str, distribution: str) -> str | None:
    try:
        names = os.listdir(site)
    except OSError:
        return None
    for name in names:
        if name.startswith(distribution + "-") and name.endswith(".dist-info"):
            return name
    return None


def _parse(text: str) -> Any:  # noqa: ANN401 - JSON
    """Parse JSON with CPython's scanner: the package ``json`` costs 3 ms where nobody used it."""
    if "json" not in sys.modules:
        try:
            from _json import make_scanner  # noqa: PLC0415
        except ImportError:
            pass
        else:
            return make_scanner(_ScannerOptions)(text.strip(), 0)[0]  # type: ignore[arg-type]
    import json  # noqa: PLC0415

    return json.loads(text)


class _ScannerOptions:
    """What ``json.JSONDecoder`` would hand to the scanner."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo: dict[str, str] = {}  # noqa: RUF012 - as the scanner wants it


def wanted_tvm(library: str) -> str | None:
    """Return the version of apache-tvm that ``library`` belongs to, None where nothing records it.

    Its stamp has it where TVM came from a release; else the installed metadata pins it.
    """
    package = os.path.dirname(os.path.dirname(library))
    sources = read_stamp(package).get("sources")
    for source in sources if isinstance(sources, list) else ():
        if isinstance(source, dict) and source.get("name") in ("tvm", "apache-tvm"):
            found = source.get("version")
            if found:
                return str(found)
    pinned = required(package, "apache-tvm")
    return pinned if pinned or os.path.basename(package) == "mlc_llm" else _recorded("apache-tvm")


def _recorded(distribution: str) -> str | None:
    """Return the pin of an editable install, whose libraries can lie anywhere."""
    from importlib import metadata  # noqa: PLC0415 - no wheel: a build tree

    try:
        lines = metadata.requires("mlc_llm") or []
    except metadata.PackageNotFoundError:
        return None
    pins = [line.partition("==")[2] for line in lines if line.startswith(distribution + "==")]
    return pins[0].partition(";")[0].strip() if pins else None


def require_version(
    version: str | None, wanted: str | None, path: str = "", *, exact: bool = False
) -> None:
    """Refuse another TVM than the one this wheel was built for. None: nothing is recorded.

    A local label names a variant of the same release (``0.26.0+mlcbuild.mingw``). A distribution's
    version tells it, and with ``exact`` it must be the wanted one; ``tvm.__version__`` does not.
    """
    if version is None or wanted is None:
        return
    public = version.partition("+")[0]
    if wanted in (version, public) or (not exact and public == wanted.partition("+")[0]):
        return
    raise LibraryLoadError(
        f"tvm {version} is installed or imported, this mlc_llm was built for {wanted}",
        path=path,
        cause="stamp-mismatch",
        fix=f"pip install apache-tvm=={wanted}",
    )
