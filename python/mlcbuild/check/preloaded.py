"""DLLs that the package's Python code loads by path before its extension modules need them.

A DLL in the process satisfies every later import of its name, whatever is in the importer's
folder. A package that ships one name twice and loads the copy that works (PyTables' libblosc2.dll)
is correct, although the search finds the other copy. Which copy the code loads is only known if
one of them does not load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.check.sources import Means, sources_of
from mlcbuild.loader import predict
from mlcbuild.rules.names import base_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlcbuild.loader.images import File
    from mlcbuild.loader.outcome import Load
    from mlcbuild.loader.world import World
    from mlcbuild.package.member import Package


def with_preloaded(world: World, loads: Mapping[str, Load], package: Package) -> dict[str, Load]:
    """Return the loads; those that fail because of a DLL with a preloaded copy, predicted again."""
    copies = _that_load(world, loads)
    through = {
        name
        for load in loads.values()
        if copies and load.verdict != "loads"
        for link in load.chain[1:-1]
        if (name := base_name(link)) in copies
    }
    if not through:
        return dict(loads)
    _, sources = sources_of(package, ())
    means = Means(sources, set())
    found = {name: copies[name] for name in through if means.names(copies[name].path)}
    if not found:
        return dict(loads)
    world.preload(found)
    return {
        path: load if load.verdict == "loads" else predict(world, path)
        for path, load in loads.items()
    }


def _that_load(world: World, loads: Mapping[str, Load]) -> dict[str, File]:
    """Return, for names that exist twice, the copy that loads and is in an added folder."""
    added = {each.folder.path for each in world.inferred}
    several: dict[str, list[File]] = {}
    for file in world.package.files.values():
        several.setdefault(base_name(file.path), []).append(file)
    return {
        name: file
        for name, files in several.items()
        if len(files) > 1
        for file in files
        if file.folder in added and loads[file.key].verdict == "loads"
    }
