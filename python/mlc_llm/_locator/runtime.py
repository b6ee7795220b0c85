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

from mlc_llm._locator.errors import LibraryLoadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping
    from typing import Any

    from mlc_llm._locator.host import Host

__all__ = ["backends", "import_tvm", "load_backends", "runtime_folder"]

_VARIABLE = "TVM_LIBRARY_PATH"
_CUDA = "tvm_runtime_cuda"

#: Where a build puts ``tvm_runtime``, seen from the folder of ``mlc_llm``: ours and one-folder
#: builds, then upstream's of the TVM generations (docs/locator.md).
_RUNTIME_BESIDE = ("", "lib", "../lib", "../lib/Release", "tvm", "../tvm/Release")


def runtime_folder(library: str, host: Host) -> str | None:
    """Return the folder of the ``tvm_runtime`` that was built with ``library``, None if gone."""
    folder, file = os.path.dirname(library), host.file_name("tvm_runtime")
    for below in _RUNTIME_BESIDE:
        place = os.path.normpath(os.path.join(folder, below))
        if os.path.isfile(os.path.join(place, file)):
            return place
    return None


def import_tvm(folder: str | None, host: Host, environment: MutableMapping[str, str]) -> Any:  # noqa: ANN401
    """Import TVM, with the runtime in ``folder`` first unless the user has chosen another.

    Raises ``LibraryLoadError`` where a library of TVM cannot be loaded.
    """
    ours = folder is not None and not environment.get(_VARIABLE)
    if ours and folder is not None:
        environment[_VARIABLE] = folder
    try:
        import tvm  # type: ignore[import-not-found] # noqa: PLC0415 - the variable comes first
    except ModuleNotFoundError:
        raise
    except (OSError, ImportError, RuntimeError, AttributeError) as error:
        raise _refused(error, environment.get(_VARIABLE, ""), host) from error
    else:
        return tvm
    finally:
        # Children and later imports choose for themselves.
        if ours:
            environment.pop(_VARIABLE, None)


def _refused(error: Exception, folder: str, host: Host) -> LibraryLoadError:
    """Explain why importing TVM failed: a library of it, or another generation of it."""
    from mlc_llm._locator.closure import first_fault  # noqa: PLC0415 - only after a failure
    from mlc_llm._locator.explain import explain  # noqa: PLC0415
    from mlc_llm._locator.installed import library_folders, package_folder  # noqa: PLC0415

    extension = getattr(error, "path", None)
    folder = folder or os.path.join(package_folder("tvm") or "", "lib")
    path = extension or os.path.join(folder, host.file_name("tvm_runtime"))
    if isinstance(error, OSError) or extension:
        return explain(error if isinstance(error, OSError) else OSError(*error.args), path, host)
    # TVM's and tvm_ffi's own search raises RuntimeError and does not say what is wrong.
    if os.path.isfile(path) and (fault := first_fault(path, host, library_folders())):
        return LibraryLoadError(
            fault.reason, path=path, culprit=fault.culprit, cause=fault.cause, fix=fault.fix
        )
    return LibraryLoadError(
        f"importing tvm failed: {error}",
        path=path,
        cause="stamp-mismatch",
        fix="pip install --force-reinstall mlc_llm (brings the TVM it was built for)",
    )


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
    from mlc_llm._locator.closure import first_fault  # noqa: PLC0415 - only after a failure
    from mlc_llm._locator.installed import library_folders  # noqa: PLC0415

    fault = first_fault(path, host, library_folders())
    return fault.reason if fault else str(error)
