"""Find and load the native libraries of ``mlc_llm``.

``python -m mlc_llm.libinfo [--json]`` shows every candidate with its verdict and loads nothing;
``--load`` tries them leaf-first in a child process. Upstream's names (``find_lib_path``,
``get_dll_directories``, ``__version__``, ``MLC_LIBRARY_PATH``) keep their meaning.
docs/locator.md explains the rules.
"""

from __future__ import annotations

import os
import sys
from _thread import RLock

from mlc_llm._locator import help_asked, this_host
from mlc_llm._locator.choose import choose

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ctypes
    from typing import Any

    from mlc_llm._locator.errors import LibraryLoadError, LibraryNotFoundError

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
    "require_compiler",
]

#: As it was when this module was imported; ``find_lib_path`` reads the variable itself.
MLC_LIBRARY_PATH = os.environ.get("MLC_LIBRARY_PATH", None)

#: Back ends of TVM that are present and cannot be loaded here, with the reason.
refused_backends: dict[str, str] = {}

_lock = RLock()
_state: dict[str, Any] = {}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a version, or a class
    """Give the version and the errors when they are asked for: a healthy import needs neither."""
    if name in ("LibraryLoadError", "LibraryNotFoundError"):
        from mlc_llm._locator import errors  # noqa: PLC0415

        return getattr(errors, name)
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
        return [choose(name, this_host(), os.environ).path]
    except OSError:
        if optional:
            return []
        raise


def get_dll_directories() -> list[str]:
    """Return the one folder that holds the library, or nothing. Never PATH's folders."""
    return [os.path.dirname(path) for path in find_lib_path("mlc_llm", optional=True)]


def prepare() -> None:
    """Load TVM, then this wheel's library. Call it before ``import tvm``; twice does no harm.

    Raises ``LibraryLoadError``: no good library, a TVM that is not there, is not the one that this
    wheel was built for, or cannot be loaded. ``SKIP_LOADING_MLCLLM_SO=1`` loads none of ours.
    """
    with _lock:
        if "library" in _state or "stand-in" in _state:
            return
        if os.environ.get("SKIP_LOADING_MLCLLM_SO", "0") != "0":
            _prepare_without()
        elif help_asked():
            _prepare_for_help()
        else:
            _prepare()


def _prepare_without() -> None:
    """Load nothing, as it was asked for; say so where mlc_llm cannot be imported like that."""
    import tvm  # type: ignore[import-not-found] # noqa: F401, PLC0415
    from mlc_llm._locator import left_out  # noqa: PLC0415

    left_out.require_registered()


def _prepare_for_help() -> None:
    """Load what can be loaded; where that fails, make sure that help is printed all the same."""
    try:
        _prepare()
        require_compiler()  # most commands import what needs it
    except Exception as error:  # noqa: BLE001 - whatever it is, help is what was asked for
        from mlc_llm._locator import stand_in  # noqa: PLC0415 - only after a failure

        stand_in.install()
        _state["stand-in"] = True
        first = str(error).partition("\n")[0]
        print(f"note: {first} (python -m mlc_llm.libinfo)", file=sys.stderr)  # noqa: T201


def _prepare() -> None:
    """Load all of it, or fail so that a second try can succeed: nothing is registered by then."""
    if "failed" in _state:
        from mlc_llm._locator.records import forget  # noqa: PLC0415 - mended meanwhile

        forget()
    library = ""
    try:
        library = choose("mlc_llm", this_host(), os.environ).path
        _load(library)
    except OSError as error:  # LibraryLoadError is one
        if _state.get("failed") and _good_by_now(library):
            from mlc_llm._locator.refused import restart  # noqa: PLC0415 - only after a failure

            raise restart(getattr(error, "reason", str(error)), library) from error
        _state["failed"] = True
        raise


def _good_by_now(library: str) -> bool:
    """Tell whether a new process would import what this one cannot."""
    from mlc_llm._locator.report import answer  # noqa: PLC0415 - only after a failure

    return bool(library) and answer(this_host(), os.environ, try_it=True)["error"] is None


def _load(library: str) -> None:
    from mlc_llm._locator import installed, runtime  # noqa: PLC0415 - ctypes, only to load

    host = this_host()
    wanted = installed.require_packages(library)
    if host.system == "windows":
        from mlc_llm._locator import early  # noqa: PLC0415 - Windows' own

        early.require_runtime(library, host, os.environ)
    tvm = sys.modules.get("tvm") or runtime.import_tvm(library, host, os.environ)
    path = runtime.loaded_runtime(tvm) or ""
    installed.require_version("tvm", getattr(tvm, "__version__", None), wanted, path)
    folder = os.path.dirname(library)
    refused_backends.update(runtime.load_backends(tvm, folder, host))
    if host.system == "windows" and "folder" not in _state:
        _state["folder"] = os.add_dll_directory(folder)  # type: ignore[attr-defined,unused-ignore] # ends when the handle is dropped
    _state["handle"] = runtime.load(library, host)
    _state["library"] = library


def load_library() -> tuple[ctypes.CDLL, str]:
    """Load the library; return its handle and path. Raises ``LibraryLoadError``."""
    with _lock:
        if "library" not in _state and not help_asked():
            _prepare()  # whatever SKIP_LOADING_MLCLLM_SO says: it was asked for
        else:
            prepare()
        if "stand-in" in _state:
            import ctypes  # noqa: PLC0415

            return ctypes.pythonapi, ""  # nobody calls it: help is all that is printed
        return _state["handle"], _state["library"]


def require_compiler() -> None:
    """Raise ``LibraryLoadError`` with the reason where TVM runs without its compiler.

    TVM falls back to its runtime without a word; what compiles calls this first.
    """
    if "stand-in" in _state:
        return
    import tvm  # noqa: PLC0415
    from mlc_llm._locator.compiler import why_no_compiler  # noqa: PLC0415

    error = why_no_compiler(tvm, this_host(), os.environ)
    if error is not None:
        raise error


def _main() -> int:
    """Print the candidates; exit 0 where one is good, 1 where none is, 2 for wrong use."""
    from mlc_llm._locator.shown import main  # noqa: PLC0415

    return main(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(_main())
