"""What ``import mlc_llm`` loads, in its order, and the folders that it has added by then.

``import tvm`` adds delvewheel's folder (``apache_tvm.libs``) and imports tvm_ffi, which adds its
own, imports torch where that is installed, loads ``tvm_ffi`` and imports ``tvm_ffi.core``. Then TVM
loads its runtime and, if it can, its compiler. Our library comes last, with its folder added.
"""

from __future__ import annotations

import os

from mlc_llm._locator.places import extension, find_package, runtime_folder
from mlc_llm._locator.records import distribution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlc_llm._locator import Host
    from mlc_llm._locator.places import Package

__all__ = ["Step", "added_folders", "steps"]

#: Before it the code that delvewheel puts at the top of a package.
_PATCH_END = "# end delvewheel patch"


class Step:
    """One library that the import loads after it has added ``folders``.

    ``optional``: a failure is passed over. A bare name is looked for as an import is.
    """

    __slots__ = ("folders", "optional", "path")

    def __init__(self, path: str, *folders: str, optional: bool = False) -> None:
        self.path = path
        self.folders = folders
        self.optional = optional


def steps(library: str, host: Host, environment: Mapping[str, str]) -> Iterator[Step]:
    """Yield the loads of ``import mlc_llm`` with ``library``, first to last."""
    tvm, ffi = find_package("tvm"), find_package("tvm_ffi")
    path = _recorded("apache_tvm_ffi", "tvm_ffi", host) or _beside(ffi, "tvm_ffi", host)
    if host.system == "windows":
        folders = [folder for each in (tvm, ffi) if each and (folder := _repaired(each))]
        torch = find_package("torch")
        if torch and os.path.isdir(lib := os.path.join(torch.folder, "lib")):
            folders.append(lib)
            yield Step("msvcp140.dll", *folders, optional=True)
        yield Step(path, *folders, os.path.dirname(path))
        core = extension(ffi.folder, "core") if ffi else ""
        if core.endswith(".pyd"):
            yield Step(core)
    elif os.path.isfile(path):
        yield Step(path)
    place = environment.get("TVM_LIBRARY_PATH") or runtime_folder(library, host) or ""
    path = _recorded("tvm", "tvm_runtime", host) or _beside(tvm, "tvm_runtime", host, place)
    yield Step(path, os.path.dirname(path))
    path = _beside(tvm, "tvm_compiler", host)
    if environment.get("TVM_USE_RUNTIME_LIB") != "1" and os.path.isfile(path):
        yield Step(path, os.path.dirname(path), optional=True)
    yield Step(library, os.path.dirname(library))


def added_folders(host: Host) -> list[str]:
    """Return the folders that importing tvm adds, those that exist: delvewheel's, then TVM's."""
    found = [each for each in (find_package("tvm"), find_package("tvm_ffi")) if each]
    folders = [_repaired(each) for each in found] if host.system == "windows" else []
    folders += [os.path.join(each.folder, "lib") for each in reversed(found) if each.folder]
    return [folder for folder in folders if folder and os.path.isdir(folder)]


def _repaired(package: Package) -> str:
    """Return the folder that delvewheel's code in a package adds, "" for none."""
    try:
        with open(package.path, encoding="utf-8", errors="replace") as file:
            head = file.read(8192)
    except OSError:
        return ""
    code, found, _ = head.partition(_PATCH_END)
    name = code.partition(".libs'")[0].rpartition("'")[2] if found else ""
    folder = os.path.join(package.entry, f"{name}.libs")
    return folder if name and os.path.isdir(folder) else ""


def _recorded(name: str, library: str, host: Host) -> str:
    """Return where a distribution's RECORD has a library: TVM's loader asks that first."""
    found = distribution(name)
    file = host.file_name(library)
    for line in found.text("RECORD").splitlines() if found else ():
        path = line.partition(",")[0]
        if found and path.rpartition("/")[2] == file:
            return os.path.normpath(os.path.join(found.site, path))
    return ""


def _beside(package: Package | None, library: str, host: Host, first: str = "") -> str:
    """Return where TVM's loader finds a library without RECORD, or where it should be."""
    folder = package.folder if package else ""
    top = os.path.dirname(os.path.dirname(folder))
    below = [
        os.path.join(folder, "lib"),
        os.path.join(top, "build", "lib"),
        os.path.join(top, "lib"),
    ]
    if library == "tvm_ffi":
        below.insert(0, os.path.join(folder, "build", "lib"))
    search = os.environ.get("PATH", "").split(os.pathsep)
    file = host.file_name(library)
    for place in ([first] if first else []) + below + [part.strip() for part in search]:
        path = os.path.join(place, file)
        if place and os.path.isfile(path):
            return os.path.normpath(path)
    return os.path.join(folder, "lib", file)
