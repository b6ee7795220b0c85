"""Follow what a library needs, without loading it: the first thing that would stop the loader.

Windows searches the library's own folder, Python's, the added ones, then System32
(LOAD_LIBRARY_SEARCH_DEFAULT_DIRS with DLL_LOAD_DIR, which ctypes and os.add_dll_directory give).
Elsewhere only TVM's libraries are followed: where the others lie is the loader's own business.
"""

from __future__ import annotations

import os
import sys

from mlc_llm._locator.image import NotAnImageError, is_debug_crt, read_image
from mlc_llm._locator.installed import PACKAGE, from_where_it_came, required
from mlc_llm._locator.judge import REINSTALL, Verdict, judge
from mlc_llm._locator.petables import read_tables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlc_llm._locator.host import Host
    from mlc_llm._locator.petables import Exports

__all__ = [
    "REDISTRIBUTABLE",
    "Needed",
    "closure",
    "first_fault",
    "python_folders",
    "reinstall",
    "search_order",
    "system_folder",
]

#: One command for what Microsoft's runtime DLLs come with.
REDISTRIBUTABLE = "winget install --id Microsoft.VCRedist.2015+.x64 --source winget"
_TVM = "pip install --force-reinstall --no-deps"
_RUNTIMES = ("msvcp140", "vcruntime140", "concrt140", "vccorlib140")


class Needed:
    """One library that the loader meets: its name as the importer spells it, and where it lies."""

    __slots__ = ("importer", "name", "path")

    def __init__(self, name: str, path: str | None, importer: str) -> None:
        self.name = name
        self.path = path
        self.importer = importer


def system_folder() -> str:
    """Return Windows' System32."""
    return os.path.join(os.environ.get("SYSTEMROOT", "C:\\Windows"), "System32")


def python_folders() -> list[str]:
    """Return the folders of python.exe: the running one's, and what its environment is made of."""
    return [os.path.dirname(sys.executable), sys.base_prefix]


def search_order(path: str, folders: Sequence[str], host: Host) -> list[str]:
    """Return the folders in which the loader looks for what ``path`` needs, in its order."""
    own = os.path.dirname(path)
    if host.system != "windows":
        return [own, *folders]
    return list(dict.fromkeys([own, *python_folders(), *folders, system_folder()]))


def closure(path: str, host: Host, folders: Sequence[str]) -> list[Needed]:
    """Return what ``path`` needs, breadth first, itself first. ``folders`` come after its own.

    Windows' own DLLs and API sets are not followed: their needs are Windows' business.
    """
    order = search_order(path, folders, host)
    found = [Needed(os.path.basename(path), path, "")]
    seen = {os.path.basename(path).lower()}
    for node in found:  # grows while it is walked
        if node.path is None or os.path.dirname(node.path) == system_folder():
            continue
        try:
            needed = read_image(node.path).needed
        except (NotAnImageError, OSError):
            continue
        for spelled in needed:
            name = os.path.basename(spelled)  # macOS: @rpath/libtvm_runtime.dylib
            key = name.lower()
            if key in seen or not _followed(key, host):
                continue
            seen.add(key)
            places = (os.path.join(folder, name) for folder in order)
            where = next((place for place in places if os.path.isfile(place)), None)
            found.append(Needed(name, where, node.path))
    return found


def _followed(name: str, host: Host) -> bool:
    if host.system == "windows":
        return not name.startswith(("api-ms-win-", "ext-ms-"))
    return name.startswith(("libtvm", "libmlc_llm"))


def first_fault(path: str, host: Host, folders: Sequence[str]) -> Verdict | None:
    """Return what would stop the loader, or None: as far as files can tell, it loads."""
    nodes = closure(path, host, folders)
    for node in nodes:
        if node.path is None:
            return _missing(node)
        if node.path != path and os.path.dirname(node.path) != system_folder():
            verdict = judge(node.path, host)
            if not verdict.good and verdict.cause != "debug-crt":
                reason = f"{_base(node.importer)} needs {node.name}, which is {verdict.reason}"
                return Verdict(verdict.cause, reason, reinstall(node.path), node.path)
    return _missing_export(nodes) if host.system == "windows" else None


def _missing(node: Needed) -> Verdict:
    importer = _base(node.importer)
    if is_debug_crt(node.name):
        reason = f"{importer} is a Debug build: it imports {node.name}, which no user has"
        return Verdict("debug-crt", reason, "build with --config Release", node.importer)
    reason = f"{importer} needs {node.name}, which is nowhere the loader looks"
    return Verdict("missing-dll", reason, _bring(node), node.name)


def _bring(node: Needed) -> str:
    """Name the command that brings a missing library."""
    name = node.name.lower()
    stem = name.removeprefix("lib").partition(".")[0]
    if stem.startswith(_RUNTIMES):
        return REDISTRIBUTABLE
    if stem == "vulkan-1":
        return "install the graphics driver of this machine (it brings vulkan-1.dll)"
    if stem in ("nvcuda", "nvml"):
        return "install NVIDIA's driver"
    if stem == "tvm_ffi":
        return _pip("apache-tvm-ffi")
    return reinstall(node.importer)


def reinstall(path: str) -> str:
    """Name the command that puts a damaged or missing file's package back."""
    folder = os.path.basename(os.path.dirname(os.path.dirname(path)))
    packages = {"tvm_ffi": "apache-tvm-ffi", "tvm": "apache-tvm"}
    return _pip(packages[folder]) if folder in packages else from_where_it_came(REINSTALL)


def _pip(distribution: str) -> str:
    """Name the command that puts a distribution back, in the version that this mlc_llm pins."""
    pinned = required(PACKAGE, distribution)
    return f"{_TVM} {distribution}" + (f"=={pinned}" if pinned else "")


def _missing_export(nodes: Sequence[Needed]) -> Verdict | None:
    """Compare every import with the exports of the DLL that would answer it."""
    own = {n.name.lower(): n.path for n in nodes if n.path and _ours(n.path)}
    exports: dict[str, Exports | None] = {}
    for importer in own.values():
        for dll, symbols in _imports(importer).items():
            target = own.get(dll.lower())
            if target is None:
                continue
            if target not in exports:
                exports[target] = _exports(target)
            offered = exports[target]
            missing = [s for s in symbols if s not in offered] if offered else []
            if missing:
                reason = (
                    f"{_base(importer)} needs {_spell(missing[0])} of {_base(target)}, which does "
                    f"not export it{_and_more(missing)}: they are from different builds"
                )
                return Verdict("missing-export", reason, _pinned(target), target)
    return None


def _ours(path: str) -> bool:
    folder = os.path.dirname(path)
    return folder != system_folder() and folder not in python_folders()


def _imports(path: str) -> dict[str, list[str | int]]:
    try:
        return read_tables(path).imports()
    except (NotAnImageError, OSError):
        return {}


def _exports(path: str) -> Exports | None:
    try:
        return read_tables(path).exports()
    except (NotAnImageError, OSError):
        return None


def _pinned(path: str) -> str:
    """Name the command that brings the build that fits."""
    return reinstall(path).replace("--no-deps mlc_llm", "mlc_llm")


def _spell(symbol: str | int) -> str:
    return f"ordinal {symbol}" if isinstance(symbol, int) else symbol


def _and_more(missing: Sequence[object]) -> str:
    return f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""


def _base(path: str) -> str:
    return os.path.basename(path)
