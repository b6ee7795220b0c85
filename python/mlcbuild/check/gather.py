"""Gather one target's facts and predicted loads: the only part of a check that reads files.

Each member is read once: for its image facts, its digest and, if it is a stamp, its contents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlcbuild.errors import InputError
from mlcbuild.loader import predict, world_from_package
from mlcbuild.loader.python_process import machine_of_tags
from mlcbuild.package.natives import foreign_format
from mlcbuild.progress import counted
from mlcbuild.rules.finding import Neighbour, Subject
from mlcbuild.rules.names import base_name, is_msvcp140, openmp_family
from mlcbuild.rules.providers import flat

if TYPE_CHECKING:
    from mlcbuild.check.reading import Ahead, ReadingPackage
    from mlcbuild.check.settings import Settings
    from mlcbuild.loader.images import Tree
    from mlcbuild.loader.outcome import Load
    from mlcbuild.loader.world import World
    from mlcbuild.package.member import Member, Package
    from mlcbuild.pe.facts import Image
    from mlcbuild.platforms import Machine


def subject_of(
    reading: ReadingPackage, ahead: Ahead, companions: Sequence[Package], settings: Settings
) -> Subject:
    """Read a package and predict the load of each of its images.

    Raises ``InputError`` if the package or a folder of the settings cannot be read.
    """
    world = world_from_package(
        reading,
        companions=companions,
        options=settings.world,
        read=ahead.record,
    )
    reading.read_small()
    images: dict[str, Image] = {}
    broken: dict[str, str] = {}
    by_path = {member.path: member for member in reading.members()}
    files = world.package.every
    for file in counted(files, "reading image"):
        record = world.images.record(file)
        if record.refused:
            broken[file.key] = _why(reading, by_path.get(file.key), file.key, record.refused)
        if record.image is not None:
            images[file.key] = record.image
    if not images and not broken:
        _refuse_foreign(reading)
    loads = {
        file.key: predict(world, file.key)
        for file in counted(files, "predicting the load of image")
    }
    if any(load.verdict != "loads" for load in loads.values()):
        from mlcbuild.check.corrections import with_preloaded  # noqa: PLC0415 - ast

        loads = with_preloaded(world, loads, reading)
    reading.finish()
    return Subject(
        name=reading.name,
        kind=reading.kind,
        members=tuple(reading.members()),
        images=images,
        loads=loads,
        broken=broken,
        wheel=reading.wheel,
        digests=reading.digests,
        stamps=reading.stamps,
        neighbours=tuple(_neighbours(world, loads)),
        beside=frozenset(flat(each.wheel.distribution) for each in companions if each.wheel),
        msvcp140=settings.msvcp140_version,
        machine=_machine(reading, images),
    )


def _why(package: Package, member: Member | None, path: str, refused: str) -> str:
    """Return why a member is not an image: its real format, if its first bytes show it."""
    try:
        foreign = foreign_format(package.peek(member)) if member is not None else None
    except InputError:
        foreign = None
    return foreign or refused.removeprefix(f"{path}: ")


def _refuse_foreign(package: Package) -> None:
    """Raise ``InputError`` if "nothing fails" would mislead: this is the wrong folder.

    A pure Python wheel or distribution has nothing to load, which is fine.
    """
    endings = {member.path.rpartition(".")[2].casefold() for member in package.members()}
    if package.kind in {"folder", "installed"} and endings & {"so", "dylib"}:
        raise InputError(
            f"{package.name}: native code of another system only",
            remedy="check the Windows build of it",
        )
    if package.kind != "folder":
        return
    raise InputError(
        f"{package.name}: no Windows images in this folder",
        remedy=_instead(package.name, {member.path for member in package.members()}),
    )


def _instead(folder: str, paths: set[str]) -> str:
    if any(path.casefold().endswith(".whl") for path in paths):
        return "name the wheels themselves"
    if "pyproject.toml" in paths:
        return f"pip wheel --no-deps {folder} builds the wheel to name"
    return "name the folder that holds them"


def _machine(package: Package, images: dict[str, Image]) -> Machine | None:
    """Return the machine of the process: the wheel's tag, else what all images share."""
    tagged = machine_of_tags(package.wheel.tags) if package.wheel is not None else None
    shared = {image.machine for image in images.values() if not image.managed}
    return tagged or (shared.pop() if len(shared) == 1 else None)


def _neighbours(world: World, loads: dict[str, Load]) -> list[Neighbour]:
    """Return images outside the package that rules ask about.

    Reading every image of every companion would cost more than the check itself: only DLLs that the
    search finds, other copies of them, and files whose name affects a whole process are read.
    """
    needed = {need.key for load in loads.values() for need in load.needs if need.key}
    needed |= {
        other for load in loads.values() for need in load.needs for other in need.alternatives
    }
    names = {base_name(need.name) for load in loads.values() for need in load.needs if need.path}
    found: dict[str, Neighbour] = {}
    trees: dict[int, Tree] = {
        id(folder.tree): folder.tree for folder in (*world.added, *world.python, *world.after)
    }
    trees |= {id(tree): tree for tree in world.shared}
    if world.beside is not None:
        trees[id(world.beside.tree)] = world.beside.tree
    for tree in trees.values():
        if tree is world.package:
            continue
        for file in tree.files.values():
            name = base_name(file.path)
            known = is_msvcp140(name) or openmp_family(name) is not None or name in names
            if file.key not in needed and not known:
                continue
            image = world.images.record(file).image
            if image is not None:
                found[file.key] = Neighbour(path=file.key, origin=file.origin, image=image)
    return list(found.values())
