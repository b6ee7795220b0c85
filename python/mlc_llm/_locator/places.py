"""Where the files of TVM lie: the runtime that belongs to a library, an extension of Python."""

from __future__ import annotations

import os
from _imp import extension_suffixes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlc_llm._locator.host import Host

__all__ = ["extension", "native", "other_extensions", "runtime_folder"]

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


def extension(folder: str, name: str) -> str:
    """Return the file from which this Python imports ``name`` of a package, "" if none."""
    names = [name + suffix for suffix in (*extension_suffixes(), ".py")]
    paths = (os.path.join(folder, each) for each in names)
    return next((path for path in paths if os.path.isfile(path)), "")


def native(name: str) -> str:
    """Return the file name under which this Python expects an extension module."""
    return name + extension_suffixes()[0]


def other_extensions(folder: str, name: str) -> list[str]:
    """List the files of an extension module that other Pythons import."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [
        each for each in names if each.startswith(f"{name}.") and each.endswith((".pyd", ".so"))
    ]
