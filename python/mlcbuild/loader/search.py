"""Where a process finds a DLL of a given name: loaded modules, API sets, KnownDLLs, folders.

The order is Microsoft's "Dynamic-link library search order" for the LOAD_LIBRARY_SEARCH flags,
which CPython uses for extension modules and ctypes for full paths.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from mlcbuild.loader.context import Context, Found, Places
from mlcbuild.loader.machines import fit
from mlcbuild.loader.names import KNOWN_DLLS, fold, has_path, is_api_set, with_extension
from mlcbuild.loader.policy import provider_of
from mlcbuild.loader.python_process import PRELOADED_SYSTEM, Process, python_of_dll

if TYPE_CHECKING:
    from mlcbuild.loader.images import File, Folder
    from mlcbuild.loader.outcome import Cause, Origin
    from mlcbuild.loader.system import SystemDll

# LOAD_LIBRARY_SEARCH_* bits of the load config's DependentLoadFlags (loader documentation).
_DLL_LOAD_DIR: Final = 0x100
_APPLICATION_DIR: Final = 0x200
_USER_DIRS: Final = 0x400
_SYSTEM32: Final = 0x800
_DEFAULT_DIRS: Final = 0x1000
_SEARCH_BITS: Final = _DLL_LOAD_DIR | _APPLICATION_DIR | _USER_DIRS | _SYSTEM32 | _DEFAULT_DIRS


def resolve(name: str, context: Context, importer: File) -> Found:
    """Find an imported name as Windows does. Reads only headers of candidates."""
    name = with_extension(name)
    base = fold(name)
    if not has_path(name):
        if is_api_set(base) and context.places.system.api_set(base) == "known":
            return _api_set(name, context)
        loaded = _loaded(name, base, context, importer)
        if loaded is not None:
            return loaded
        if base in KNOWN_DLLS:
            known = context.places.system.dll(base, context.process.machine)
            if known is not None:
                return _from_system(name, known)
    elif ":" in name or base.startswith("/"):
        return Found(name=name, origin="missing", cause="missing-dll")
    return _search(name, base, context, importer)


def is_special(context: Context) -> bool:
    """Return whether a search for the image's own name would not start with the folders.

    Such names are those of Python, of Windows and of what is in every process.
    """
    base = fold(context.root.name)
    return (
        has_path(base)
        or is_api_set(base)
        or base in KNOWN_DLLS
        or context.process.own_module(base)
        or base in PRELOADED_SYSTEM
    )


def _api_set(name: str, context: Context) -> Found:
    dll = context.places.system.dll(name, context.process.machine)
    if dll is None:
        return Found(name=name, origin="api-set")
    return Found(name=name, origin="api-set", table=dll.table, file=dll.file)


def _loaded(name: str, base: str, context: Context, importer: File) -> Found | None:
    """Search the modules that are already in the process: who imports itself is one of them."""
    for mapped in (context.root, importer):
        if base == fold(mapped.name):
            return Found(name=name, origin="dll-dir", file=mapped)
    process, places = context.process, context.places
    if process.python and base in places.preloaded:
        return Found(name=name, origin="added-dir", file=places.preloaded[base])
    if process.own_module(base):
        for folder in places.python:
            file = folder.find(base)
            if file is not None:
                return Found(name=name, origin="python-dir", file=file)
        if not places.real_python:
            table = places.system.python_dll(base, process.machine, process.oldest_python)
            return Found(
                name=name, origin="python-dir", table=table, provider=_python_words(base, process)
            )
    if process.python and base in PRELOADED_SYSTEM:
        dll = places.system.dll(base, process.machine)
        return _from_system(name, dll) if dll else None
    return None


def _python_words(base: str, process: Process) -> str:
    version = python_of_dll(base) or (process.oldest_python if base == "python3.dll" else None)
    return f"Python {version[0]}.{version[1:]}" if version else "Python"


def _search(name: str, base: str, context: Context, importer: File) -> Found:
    flags = _load_flags(context, importer)
    found = _searched(name, base, context, importer, flags)
    if not flags or flags & _SEARCH_BITS or found.origin != "missing":
        return found
    usual = _searched(name, base, context, importer, 0)
    if usual.file is None:
        return found
    return Found(
        name=name,
        origin="missing",
        cause="load-flags",
        # PATH is searched then; no one has an added folder there, but perhaps the DLL's own. What
        # another image imported before is in the process by its name.
        certain=usual.origin == "added-dir" and not context.imported(base),
        why=(
            f"{usual.file.path} is not searched for: DependentLoadFlags of {importer.name} "
            f"({flags:#x}) leave out the DLL's own folder and the added ones"
        ),
    )


def _load_flags(context: Context, importer: File) -> int:
    image = context.images.record(importer).image
    return image.dependent_load_flags if image else 0


def _searched(name: str, base: str, context: Context, importer: File, flags: int) -> Found:
    other_machine: File | None = None
    for origin, folder in _folders(context, importer, flags):
        if folder is None:
            dll = context.places.system.dll(base, context.process.machine)
            if dll is not None and not _absent_redist(base, context.places):
                return _from_system(name, dll)
            continue
        file = folder.find(name)
        if file is None:
            continue
        record = context.images.record(file)
        if record.image is None or record.refused:
            return Found(name=name, origin=origin, file=file, cause="not-a-pe")
        suited = fit(context.process.machine, record.image)
        if suited == "wrong":  # Windows goes on to the next folder
            other_machine = other_machine or file
            continue
        certain = suited == "right"
        return Found(
            name=name,
            origin=origin,
            file=file,
            cause=None if certain else "wrong-machine",
            certain=certain,
        )
    if other_machine is not None:
        return Found(
            name=name, origin=other_machine.origin, file=other_machine, cause="wrong-machine"
        )
    return _missing(name, base, context)


def _folders(
    context: Context, importer: File, load_flags: int
) -> Iterator[tuple[Origin, Folder | None]]:
    """Yield the folders in order; None stands for System32."""
    places = context.places
    flags = load_flags & _SEARCH_BITS
    own, application, user, system = True, True, True, True
    first = context.folder_of(context.root)
    if load_flags and not flags:
        # Such as LOAD_LIBRARY_SAFE_CURRENT_DIRS: they replace the caller's flags too, and without
        # any of the search's bits Windows' old order is left: the program's folder, System32, PATH.
        own, user = not context.process.python, False
    elif flags:  # they replace the caller's, and count from the importer's folder
        first = context.folder_of(importer)
        every = bool(flags & _DEFAULT_DIRS)
        own = bool(flags & _DLL_LOAD_DIR)
        application = every or bool(flags & _APPLICATION_DIR)
        user = every or bool(flags & _USER_DIRS)
        system = every or bool(flags & _SYSTEM32)
    if own:
        yield "dll-dir", first
        for tree in places.shared:
            if tree is not first.tree:
                yield tree.origin, tree.folder(first.path)
    python = context.process.python
    if python and application:
        yield from (("python-dir", folder) for folder in places.python)
    if python and user:
        yield from ((_origin(folder), folder) for folder in places.added)
        yield from (("python-dir", folder) for folder in places.after)
    if system:
        yield "system", None
    if python and user:
        yield from ((_origin(folder), folder) for folder in places.others)


def _origin(folder: Folder) -> Origin:
    """Name the origin of an added folder; one of the package itself is added as any other."""
    return "companion" if folder.tree.origin == "companion" else "added-dir"


def _absent_redist(base: str, places: Places) -> bool:
    who = provider_of(base)
    return places.msvcp140 == "none" and who is not None and who.kind == "redist"


def _from_system(name: str, dll: SystemDll) -> Found:
    who = provider_of(name)
    words = who.provided_by if who else ""
    if who is not None and who.kind == "driver" and dll.file is None:
        return Found(name=name, origin="driver", provider=words, cause="driver", certain=False)
    return Found(
        name=name,
        origin="driver" if who is not None and who.kind == "driver" else "system",
        file=dll.file,
        table=dll.table,
        provider=words,
        cause=dll.doubt,
        certain=dll.doubt is None,
    )


def _missing(name: str, base: str, context: Context) -> Found:
    who = provider_of(base)
    words = who.provided_by if who else ""
    if who is not None and who.kind == "driver":
        return Found(name=name, origin="driver", provider=words, cause="driver", certain=False)
    cause: Cause = "missing-dll"
    certain = True
    if who is not None:
        if who.kind == "debug":
            cause = "debug-runtime"
        elif who.kind == "redist":
            cause = "redist"
        elif who.kind == "old-redist":
            cause = "old-redist"
            certain = False
        else:
            cause = "optional"
            certain = False
    elif is_api_set(base):
        cause = "unknown-api-set"
    elif python_of_dll(base):
        # Right on the one version of Python that a stable-ABI wheel's module names; a program
        # finds it where Python's folder is on PATH.
        certain = context.process.python and not context.process.abi3
    else:
        # What an extension module has loaded by then is found by its name, whatever its folder.
        elsewhere = context.elsewhere(name) if context.process.python else None
        certain = elsewhere is None or not elsewhere.provided_by
    return Found(name=name, origin="missing", provider=words, cause=cause, certain=certain)
