"""Where TVM lies: the package that Python imports, its extensions, the runtime of a library."""

from __future__ import annotations

import os
import sys
from _imp import extension_suffixes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlc_llm._locator import Host

__all__ = ["Package", "extension", "find_package", "native", "other_extensions", "runtime_folder"]

#: Where a build puts ``tvm_runtime``, seen from the folder of ``mlc_llm``: ours and one-folder
#: builds, then upstream's of the TVM generations (docs/locator.md).
_RUNTIME_BESIDE = ("", "lib", "../lib", "../lib/Release", "tvm", "../tvm/Release")


class Package:
    """What an import would find: ``path`` is its first file, ``entry`` the part of ``sys.path``.

    ``folder`` is the package's own folder, empty for a module of one file.
    """

    __slots__ = ("entry", "folder", "path")

    def __init__(self, entry: str, folder: str, path: str) -> None:
        self.entry = entry
        self.folder = folder
        self.path = path


def find_package(name: str) -> Package | None:
    """Return what ``import name`` takes, without importing it; None where there is nothing.

    Python's own finders are asked, as ``importlib.util.find_spec`` does, which costs milliseconds
    to import.
    """
    file = getattr(sys.modules.get(name), "__file__", None)
    if file:
        return _of(os.path.abspath(str(file)))
    for finder in sys.meta_path:
        try:
            spec = finder.find_spec(name, None)
        except (ImportError, ValueError, AttributeError):
            continue
        if spec is not None:
            return _of(os.path.abspath(spec.origin)) if spec.origin else None
    return None


def _of(file: str) -> Package:
    folder, name = os.path.split(file)
    if name.startswith("__init__."):
        return Package(os.path.dirname(folder), folder, file)
    return Package(folder, "", file)


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
