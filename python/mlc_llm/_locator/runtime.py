"""Bring up TVM on the wheel's own ``tvm_runtime``, with the back ends of an installed apache-tvm.

The wheel's libraries were built against that runtime. TVM (0.25 and later) looks for its runtime in
``TVM_LIBRARY_PATH`` first, for its compiler in its own package, and for the back ends
(``tvm_runtime_cuda``, ...) only beside the runtime that won; in runtime-only mode for none. So the
variable is set while TVM is imported, and the back ends are loaded here afterwards: each needs
``tvm_runtime`` by name and gets the one that is loaded.
"""

from __future__ import annotations

import ctypes
import os
import sys

from mlc_llm._locator.places import runtime_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping
    from typing import Any

    from mlc_llm._locator import Host

__all__ = ["backends", "import_tvm", "load", "load_backends", "loaded_runtime"]
__all__ += ["registered"]

_VARIABLE = "TVM_LIBRARY_PATH"
_CUDA = "tvm_runtime_cuda"
#: What our library registers with TVM while it is loaded.
_FUNCTION = "mlc.tokenizers.Tokenizer"


def import_tvm(library: str, host: Host, environment: MutableMapping[str, str]) -> Any:  # noqa: ANN401
    """Import TVM, with the runtime of ``library`` first unless the user has chosen another.

    Raises ``LibraryLoadError`` where a library of TVM cannot be loaded.
    """
    folder = runtime_folder(library, host)
    ours = folder is not None and not environment.get(_VARIABLE)
    own = dict(environment)
    if ours and folder is not None:
        environment[_VARIABLE] = folder
    try:
        import tvm  # type: ignore[import-not-found] # noqa: PLC0415 - the variable comes first
    except Exception as error:
        from mlc_llm._locator.refused import refused  # noqa: PLC0415 - only after a failure

        raise refused(error, library, host, own) from error
    else:
        return tvm
    finally:
        # Children and later imports choose for themselves.
        if ours:
            environment.pop(_VARIABLE, None)


def loaded_runtime(tvm: Any) -> str | None:  # noqa: ANN401 - a module
    """Return the ``tvm_runtime`` that TVM has loaded, None where it does not tell."""
    handle = getattr(tvm.base, "_LOADED_LIBS", {}).get("tvm_runtime")
    return os.path.abspath(handle._name) if handle is not None else None  # noqa: SLF001


def backends(tvm: Any, folder: str, host: Host) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Yield (name, file) of each ``tvm_runtime_*`` that TVM has not loaded itself.

    The folder of the runtime that runs comes first, then ours, then TVM's package. ``extra`` comes
    before the others: it is what ``mlc_llm`` itself needs.
    """
    loaded = set(getattr(tvm.base, "_LOADED_LIBS", {}))
    runtime = loaded_runtime(tvm)
    folders = [os.path.dirname(runtime)] if runtime else []
    folders += [folder, os.path.join(os.path.dirname(os.path.abspath(tvm.__file__)), "lib")]
    prefix = host.file_name("tvm_runtime_")[: -len(host.suffix)]
    for place in dict.fromkeys(folders):
        try:
            files = [
                f for f in os.listdir(place) if f.startswith(prefix) and f.endswith(host.suffix)
            ]
        except OSError:
            continue
        shorts = [file[len(prefix) : -len(host.suffix)] for file in files]
        for short in sorted(shorts, key=lambda name: (name != "extra", name)):
            name = f"tvm_runtime_{short}"
            if name not in loaded:
                loaded.add(name)
                yield name, os.path.join(place, prefix + short + host.suffix)


def load_backends(tvm: Any, folder: str, host: Host) -> dict[str, str]:  # noqa: ANN401
    """Load the back ends for their registrations; return those of no use, with the reason.

    A back end whose driver is absent (CUDA on a machine without one) is no error.
    """
    refused = {}
    handles = getattr(tvm.base, "_LOADED_LIBS", {})
    for name, path in backends(tvm, folder, host):
        try:
            handles[name] = ctypes.CDLL(path)
        except OSError as error:
            handle, reason = _load_again(name, path, host, error)
            if handle is None:
                refused[name] = reason
                continue
            handles[name] = handle
        if name == _CUDA and (reason := _driver_fault(path, host)):
            refused[name] = reason
    return refused


def load(library: str, host: Host) -> ctypes.CDLL:
    """Load our own library and see that it is it. Raises ``LibraryLoadError``."""
    try:
        handle = ctypes.CDLL(library)
    except OSError as error:
        from mlc_llm._locator.explain import explain  # noqa: PLC0415 - only after a failure

        raise explain(error, library, host) from error
    if not registered():
        from mlc_llm._locator.identity import not_ours  # noqa: PLC0415 - only after a failure

        raise not_ours(library)
    return handle


def registered() -> bool:
    """Ask TVM for a function of ours; True where it cannot be asked."""
    ask = getattr(sys.modules.get("tvm_ffi"), "get_global_func", None)
    return ask is None or ask(_FUNCTION, allow_missing=True) is not None


def _load_again(name: str, path: str, host: Host, error: OSError) -> tuple[ctypes.CDLL | None, str]:
    if name != _CUDA:
        return None, _reason(error, path, host)
    from mlc_llm._locator import cuda  # noqa: PLC0415 - only after a failure

    return cuda.load(path, host, error)


def _driver_fault(path: str, host: Host) -> str:
    from mlc_llm._locator import cuda  # noqa: PLC0415 - only where CUDA's runtime is

    return cuda.driver_fault(path, host)


def _reason(error: OSError, path: str, host: Host) -> str:
    """Say why a back end cannot be loaded, from the files alone: that must stay cheap."""
    if host.system != "windows":
        return str(error)
    from mlc_llm._locator.faults import first_fault  # noqa: PLC0415 - only after a failure
    from mlc_llm._locator.search import Search  # noqa: PLC0415
    from mlc_llm._locator.steps import added_folders  # noqa: PLC0415

    fault = first_fault(path, Search.here(host, added_folders(host)))
    return fault.reason if fault else str(error)
