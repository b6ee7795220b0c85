"""Bring up TVM on the wheel's own ``tvm_runtime``, with the back ends of an installed apache-tvm.

The wheel's libraries were built against that runtime. TVM (0.25 and later) looks for its runtime in
``TVM_LIBRARY_PATH`` first, for its compiler in its own package, and for the back ends
(``tvm_runtime_cuda``, ...) only beside the runtime that won; in runtime-only mode for none. So the
variable is set while TVM is imported, and the back ends are loaded here afterwards: each needs
``tvm_runtime`` by name and gets the one that is loaded.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlc_llm._locator.errors import LibraryLoadError

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

    from mlc_llm._locator.host import Host

__all__ = ["backends", "import_tvm", "load_backends", "require_version"]

_VARIABLE = "TVM_LIBRARY_PATH"


def import_tvm(folder: Path, host: Host, environment: MutableMapping[str, str]) -> Any:  # noqa: ANN401
    """Import TVM, with the runtime in ``folder`` first unless the user has chosen another.

    Raises ``LibraryLoadError`` where a library of TVM cannot be loaded.
    """
    runtime = folder / host.file_name("tvm_runtime")
    ours = not environment.get(_VARIABLE) and runtime.is_file()
    if ours:
        environment[_VARIABLE] = str(folder)
    try:
        return importlib.import_module("tvm")
    except OSError as error:
        from mlc_llm._locator.explain import (  # noqa: PLC0415 - only after a failure
            default_folders,
            explain,
        )

        failed = runtime if ours else Path(environment.get(_VARIABLE, "")) / runtime.name
        folders = [*package_folders(), *default_folders()]
        raise explain(error, failed, host, folders=folders) from error
    except (RuntimeError, AttributeError) as error:
        raise LibraryLoadError(
            f"importing tvm failed: {error}",
            path=str(runtime) if ours else "",
            cause="stamp-mismatch",
            fix="pip install --force-reinstall mlc_llm (brings the TVM it was built for)",
        ) from error
    finally:
        # Children and later imports choose for themselves.
        if ours:
            environment.pop(_VARIABLE, None)


def require_version(tvm: Any, wanted: str | None) -> None:  # noqa: ANN401 - a module
    """Refuse another TVM than the one this wheel was built for. None: nothing is recorded."""
    version = getattr(tvm, "__version__", None)
    if wanted is None or version == wanted:
        return
    raise LibraryLoadError(
        f"tvm {version} is imported, this mlc_llm was built for {wanted}",
        path=str(loaded_runtime(tvm) or ""),
        cause="stamp-mismatch",
        fix=f"pip install apache-tvm=={wanted}",
    )


def loaded_runtime(tvm: Any) -> Path | None:  # noqa: ANN401 - a module
    """Return the ``tvm_runtime`` that TVM has loaded, None where it does not tell."""
    handle = getattr(tvm.base, "_LOADED_LIBS", {}).get("tvm_runtime")
    return Path(handle._name).resolve() if handle is not None else None  # noqa: SLF001


def backends(tvm: Any, folder: Path, host: Host) -> Iterator[tuple[str, Path]]:  # noqa: ANN401
    """Yield (name, file) of each ``tvm_runtime_*`` that TVM has not loaded itself.

    The folder of the runtime that runs comes first, then ours, then TVM's package. ``extra`` comes
    before the others: it is what ``mlc_llm`` itself needs.
    """
    loaded = set(getattr(tvm.base, "_LOADED_LIBS", {}))
    runtime = loaded_runtime(tvm)
    folders = [runtime.parent] if runtime else []
    folders += [folder, Path(tvm.__file__).resolve().parent / "lib"]
    pattern = host.file_name("tvm_runtime_*")
    prefix, suffix = pattern.split("*")
    for place in dict.fromkeys(folders):
        found = {p.name[len(prefix) : -len(suffix)]: p for p in place.glob(pattern)}
        for short in sorted(found, key=lambda name: (name != "extra", name)):
            name = f"tvm_runtime_{short}"
            if name not in loaded:
                loaded.add(name)
                yield name, found[short]


def load_backends(tvm: Any, folder: Path, host: Host) -> dict[str, str]:  # noqa: ANN401
    """Load the back ends for their registrations; return those that cannot be, with the reason.

    A back end whose driver is absent (CUDA on a machine without one) is no error.
    """
    refused = {}
    handles = getattr(tvm.base, "_LOADED_LIBS", {})
    for name, path in backends(tvm, folder, host):
        try:
            handles[name] = ctypes.CDLL(str(path))
        except OSError as error:  # noqa: PERF203 - each can fail by itself
            refused[name] = _reason(error, path, host)
    return refused


def _reason(error: OSError, path: Path, host: Host) -> str:
    if host.system != "windows":
        return str(error)
    from mlc_llm._locator.explain import default_folders, explain  # noqa: PLC0415

    return explain(error, path, host, folders=[*package_folders(), *default_folders()]).reason


def package_folders() -> list[Path]:
    """Return the library folders of the installed tvm and tvm_ffi, without importing them."""
    folders = []
    for package in ("tvm", "tvm_ffi"):
        for entry in sys.path:
            folder = Path(entry or os.curdir) / package / "lib"
            if folder.is_dir():
                folders.append(folder)
                break
    return folders
