"""Find and load the native libraries of ``mlc_llm``.

``python -m mlc_llm.libinfo [--json]`` shows every candidate with its verdict and loads nothing.
Upstream's names (``find_lib_path``, ``get_dll_directories``, ``__version__``,
``MLC_LIBRARY_PATH``) keep their meaning. docs/locator.md explains the rules.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlc_llm._locator.candidates import PACKAGE, read_stamp
from mlc_llm._locator.choose import choose
from mlc_llm._locator.errors import LibraryLoadError, LibraryNotFoundError
from mlc_llm._locator.host import this_host

if TYPE_CHECKING:
    import ctypes

__all__ = [
    "MLC_LIBRARY_PATH",
    "LibraryLoadError",
    "LibraryNotFoundError",
    "__version__",  # noqa: F822 - by __getattr__
    "find_lib_path",
    "get_dll_directories",
    "load_library",
    "prepare",
    "refused_backends",
]

#: As it was when this module was imported; ``find_lib_path`` reads the variable itself.
MLC_LIBRARY_PATH = os.environ.get("MLC_LIBRARY_PATH", None)

#: Back ends of TVM that are present and cannot be loaded here, with the reason.
refused_backends: dict[str, str] = {}

_lock = threading.RLock()
_state: dict[str, Any] = {}


def __getattr__(name: str) -> str:
    """Give ``__version__`` when it is asked for: reading the metadata costs milliseconds."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import metadata  # noqa: PLC0415

    try:
        return metadata.version("mlc_llm")
    except metadata.PackageNotFoundError:
        return "0+unknown"


def find_lib_path(name: str, optional: bool = False) -> list[str]:  # noqa: FBT001, FBT002 - upstream's
    """Return the path of library ``name`` (``mlc_llm`` or ``mlc_llm_module``), best first.

    Raises ``LibraryNotFoundError`` (a ``RuntimeError`` too) where there is none, and
    ``LibraryLoadError`` where ``MLC_LIBRARY_PATH`` names a bad one. ``optional``: an empty list.
    """
    try:
        return [str(choose(name, this_host(), os.environ).path)]
    except LibraryLoadError:
        if optional:
            return []
        raise


def get_dll_directories() -> list[str]:
    """Return the one folder that holds the library, or nothing. Never PATH's folders."""
    return [str(Path(path).parent) for path in find_lib_path("mlc_llm", optional=True)]


def prepare() -> None:
    """Make TVM ready for this wheel's library. Call it before ``import tvm``; twice does no harm.

    Raises ``LibraryLoadError``: no good library, a TVM that cannot be loaded, or another version
    of TVM than this wheel was built for. ``SKIP_LOADING_MLCLLM_SO=1`` leaves everything alone.
    """
    with _lock:
        if _state or os.environ.get("SKIP_LOADING_MLCLLM_SO", "0") != "0":
            return
        from mlc_llm._locator import runtime  # noqa: PLC0415 - ctypes, only to load

        host = this_host()
        library = choose("mlc_llm", host, os.environ).path
        folder = library.parent
        tvm = sys.modules.get("tvm") or runtime.import_tvm(folder, host, os.environ)
        runtime.require_version(tvm, _tvm_version(folder.parent))
        if sys.platform == "win32":
            _state["folder"] = os.add_dll_directory(str(folder))  # ends when the handle is dropped
        refused_backends.update(runtime.load_backends(tvm, folder, host))
        _state["library"] = library


def load_library() -> tuple[ctypes.CDLL, str]:
    """Load the library; return its handle and path. Raises ``LibraryLoadError``."""
    import ctypes  # noqa: PLC0415

    prepare()
    with _lock:
        host = this_host()
        path = _state.get("library") or choose("mlc_llm", host, os.environ).path
        try:
            return ctypes.CDLL(str(path)), str(path)
        except OSError as error:
            from mlc_llm._locator import explain, runtime  # noqa: PLC0415 - only after a failure

            folders = [*runtime.package_folders(), *explain.default_folders()]
            raise explain.explain(error, path, host, folders=folders) from error


def _tvm_version(package: Path) -> str | None:
    """Return the version of apache-tvm this build belongs to, None where nothing records it.

    The stamp has it where TVM came from a release; else the installed metadata pins it.
    """
    stamp = read_stamp(package) or read_stamp(PACKAGE)
    for source in stamp.get("sources", ()):
        if source.get("name") in ("tvm", "apache-tvm") and source.get("version"):
            return str(source["version"])
    from importlib import metadata  # noqa: PLC0415

    try:
        required = metadata.requires("mlc_llm") or []
    except metadata.PackageNotFoundError:
        return None
    pins = [line.partition("==")[2] for line in required if line.startswith("apache-tvm==")]
    return pins[0].partition(";")[0].strip() if pins else None


def _main() -> int:
    """Print the candidates; exit 0 where one is good, 1 where none is, 2 for wrong use."""
    import argparse  # noqa: PLC0415

    from mlc_llm._locator import report  # noqa: PLC0415

    parser = argparse.ArgumentParser(
        prog="python -m mlc_llm.libinfo",
        description="Show which native library mlc_llm would load and why. Loads nothing.",
    )
    parser.add_argument("--json", action="store_true", help="for scripts")
    facts = report.answer(this_host(), os.environ)
    text = report.as_json(facts) if parser.parse_args().json else report.as_text(facts)
    print(text.encode(errors="backslashreplace").decode())  # noqa: T201 - this is the answer
    return 0 if facts["winner"] else 1


if __name__ == "__main__":
    raise SystemExit(_main())
