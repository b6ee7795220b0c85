"""Build the ``World`` of a check: package, companions, added folders, Python, Windows."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError
from mlcbuild.loader.adding import added_folders
from mlcbuild.loader.images import File, Folder, Record, Tree, read_record
from mlcbuild.loader.names import fold
from mlcbuild.loader.python_process import python_of_dll
from mlcbuild.loader.world import World
from mlcbuild.package.names import installed_path
from mlcbuild.package.natives import is_native_name

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Origin
    from mlcbuild.loader.system import System
    from mlcbuild.package.member import Member, Package
    from mlcbuild.platforms import Machine

#: conda's own folders of an environment, in its order (conda-forge python-feedstock, patch 0012).
_CONDA: Final = ("Library/mingw-w64/bin", "Library/usr/bin", "Library/bin", "Scripts", "bin")


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The user's description of the machine; default: a python.org Python on Windows 10."""

    #: The interpreter's machine; None for the wheel's, else each image's own.
    machine: Machine | None = None
    #: The interpreter's version, as ``3.11``; None to take it from tags and names.
    python: str | None = None
    conda: bool = False
    #: A real folder of python.exe.
    python_dir: str | None = None
    #: A real System32.
    system_dir: str | None = None
    #: Folders on this disk, or folders of the package or a companion.
    add_dirs: tuple[str, ...] = ()
    #: Version of the installed Visual C++ redistributable; ``none`` where there is none.
    msvcp140: str | None = None


def world_from_package(
    package: Package,
    *,
    companions: Sequence[Package] = (),
    options: Options | None = None,
    system: System | None = None,
    read: Callable[[Package, Member], Record] | None = None,
) -> World:
    """Return the world in which the package's images are loaded.

    Lists members, and reads only the Python sources that decide which folders are added.
    ``read`` returns a member's facts on demand (``read_member`` by default).

    Raises ``InputError`` for a folder of ``options`` that does not exist.
    """
    options = options or Options()
    read = read or read_member
    listed = [(each, tuple(each.members())) for each in (package, *companions)]
    tree, python_files = _tree(*listed[0], label="", origin="dll-dir", read=read)
    inferred = added_folders(listed, tree)
    added: list[Folder] = []
    trees = [tree]
    # Wheels are installed into one site-packages: a folder that two of them fill is one folder.
    installed = [tree] if package.wheel is not None else []
    for companion, members in listed[1:]:
        beside, more = _tree(
            companion, members, label=companion.name, origin="companion", read=read
        )
        python_files += more
        trees.append(beside)
        if package.wheel is not None and companion.wheel is not None:
            installed.append(beside)
        added += beside.folders_with_dlls()  # a companion is imported first
    for wanted in options.add_dirs:
        added.append(_added(wanted, trees))
    python: list[Folder] = []
    if python_files:
        python.append(Tree("python-dir", "python-dir", python_files).folder(""))
    after: list[Folder] = []
    real: Folder | None = None
    if options.python_dir is not None:
        if not Path(options.python_dir).is_dir():
            raise InputError(f"--python-dir: no such folder: {options.python_dir}")
        real = _disk(options.python_dir, "python-dir")
        python.append(real)
        if options.conda:
            homes = [Path(options.python_dir, *part.split("/")) for part in _CONDA]
            after = [_disk(str(home), "python-dir") for home in homes if home.is_dir()]
    siblings: Folder | None = None
    root = getattr(package, "root", None)  # files on disk have one, and what wraps them
    if package.kind == "image" and isinstance(root, Path):
        siblings = _disk(str(root), "dll-dir")
    return World(
        package=tree,
        beside=siblings,
        shared=tuple(installed),
        system=system or _system(options),
        added=tuple(dict.fromkeys(added)),
        inferred=tuple(inferred),
        python=tuple(python),
        after=tuple(after),
        real_python=options.python_dir is not None,
        tags=package.wheel.tags if package.wheel else (),
        machine=options.machine or (_machine(real) if real else None),
        python_version=options.python or (_version(real) if real else None),
        msvcp140=options.msvcp140,
    )


def _machine(folder: Folder) -> Machine | None:
    """Return the machine of the Python in a folder; None if there is no readable one."""
    program = folder.find("python.exe")
    image = program.read().image if program is not None else None
    return image.machine if image is not None else None


def _version(folder: Folder) -> str | None:
    """Return the version of the Python in a folder, as in its DLL's name."""
    return next((version for name in folder.names() if (version := python_of_dll(name))), None)


def _system(options: Options) -> System:
    from mlcbuild.loader.systemdata import builtin_system  # noqa: PLC0415 - data, loaded if asked

    if options.system_dir is None:
        return builtin_system()
    from mlcbuild.loader.systemdir import system_from_dir  # noqa: PLC0415 - rarely used

    return system_from_dir(options.system_dir, builtin_system())


def _tree(
    package: Package,
    members: Sequence[Member],
    *,
    label: str,
    origin: Origin,
    read: Callable[[Package, Member], Record],
) -> tuple[Tree, list[File]]:
    """Return the package's files, and those that a wheel installs beside python.exe."""
    files: list[File] = []
    beside_python: list[File] = []
    for member in members:
        if not is_native_name(member.path):
            continue
        path, to_prefix = installed_path(member.path)
        file = File(
            key=f"{label}!{member.path}" if label else member.path,
            path=path,
            origin=origin,
            place=label or package.name,
            read=functools.partial(read, package, member),
        )
        files.append(file)
        if to_prefix and "/" not in path:
            beside_python.append(file)
    return Tree(label, origin, files), beside_python


def read_member(package: Package, member: Member) -> Record:
    """Return the facts of a package's member, or why it has none. Never raises ``InputError``."""
    try:
        data = package.read(member)
    except InputError as error:
        return Record(refused=str(error))
    return read_record(data, member.path)


def _added(wanted: str, trees: Sequence[Tree]) -> Folder:
    if Path(wanted).is_dir():
        return _disk(wanted, "added-dir")
    inside = fold(wanted).strip("/")
    for tree in trees:
        if any(path.startswith(f"{inside}/") for path in tree.files):
            return tree.folder(inside)
    raise InputError(f"--add-dir: no such folder, on disk or in the package: {wanted}")


def _disk(path: str, origin: Origin) -> Folder:
    try:
        with os.scandir(path) as entries:
            names = sorted(e.name for e in entries if is_native_name(e.name) and e.is_file())
    except OSError as error:
        raise InputError(f"cannot list {path}: {error.strerror}") from error

    def file(name: str) -> File:
        full = Path(path, *name.split("/"))
        return File(key=str(full), path=name, origin=origin, place=path, read=_disk_reader(full))

    def deeper(name: str) -> File | None:
        inner = name.replace("\\", "/")
        return file(inner) if ".." not in inner and Path(path, inner).is_file() else None

    return Tree(path, origin, map(file, names), deeper=deeper).folder("")


def _disk_reader(path: Path) -> Callable[[], Record]:
    def read() -> Record:
        try:
            data = memoryview(path.read_bytes())
        except OSError as error:
            return Record(refused=error.strerror or "cannot be read")
        return read_record(data, str(path))

    return read
