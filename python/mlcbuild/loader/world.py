"""Everything a load can see: the package, what is installed beside it, Python, Windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlcbuild.loader.adding import AddedFolder, top
from mlcbuild.loader.context import Context, Elsewhere, Places
from mlcbuild.loader.graph import Graph
from mlcbuild.loader.images import File, Folder, Images, Tree
from mlcbuild.loader.names import fold, with_extension
from mlcbuild.loader.python_process import Process, process_of

if TYPE_CHECKING:
    from mlcbuild.loader.system import System
    from mlcbuild.pe.facts import Image
    from mlcbuild.platforms import Machine


@dataclass(kw_only=True, slots=True)
class World:
    """The places of one machine. Build it by ``world_from_package``, ask it by ``predict``."""

    package: Tree
    system: System
    #: The folder of a single image: its siblings are found, but not judged.
    beside: Folder | None = None
    #: The package and those companions that are installed into one site-packages with it.
    shared: tuple[Tree, ...] = ()
    #: Folders of companions and of ``--add-dir``. Unordered.
    added: tuple[Folder, ...] = ()
    #: Folders of the package that Python code adds; unordered with the others.
    inferred: tuple[AddedFolder, ...] = ()
    #: DLLs that Python code loads before any extension module: folded name -> file.
    preloaded: dict[str, File] = field(default_factory=dict)
    python: tuple[Folder, ...] = ()
    #: conda's own folders after the added ones.
    after: tuple[Folder, ...] = ()
    real_python: bool = False
    tags: tuple[str, ...] = ()
    machine: Machine | None = None
    #: Python's version as ``3.11``; None to take it from tags and file names.
    python_version: str | None = None
    #: Version of the installed Visual C++ redistributable, ``none``, or None for "present".
    msvcp140: str | None = None
    #: Names that the chains of all loads together may still have before long ones are shortened: a
    #: thousand images in a row have half a million.
    chain_names: int = 500_000
    images: Images = field(default_factory=Images)
    _homes: dict[str, Folder] = field(default_factory=dict)
    _names: dict[str, File] | None = None
    _held: dict[str, list[Folder]] = field(default_factory=dict)
    _provided_by: dict[str, dict[str, str]] | None = None
    _shared: frozenset[str] | None = None
    _usual: frozenset[str] | None = None
    _graphs: dict[tuple[Folder, Process, tuple[Folder, ...]], Graph] = field(default_factory=dict)

    def file(self, path: str) -> File:
        """Return the package's file of this path. Raises ``KeyError`` if there is none."""
        file = self.package.by_key.get(path) or self.package.files.get(fold(path))
        if file is None:
            raise KeyError(path)
        return file

    def image(self, key: str) -> Image | None:
        """Return the facts of a file by ``Need.key``; None for one that is no usable image."""
        for tree in self._trees():
            if key in tree.by_key:
                return self.images.record(tree.by_key[key]).image
        raise KeyError(key)

    def in_package(self, file: File) -> bool:
        """Return whether a file belongs to the examined package (or is beside the image)."""
        if self.beside is not None and self.beside.tree.by_key.get(file.key) is file:
            return True
        return self.package.by_key.get(file.key) is file

    def context(
        self, file: File, image: Image, *, added: tuple[Folder, ...] | None = None
    ) -> Context:
        """Return the load of one image, with the added folders in the order given."""
        return Context(
            root=file,
            folder_of=self._home,
            process=process_of(
                image, machine=self.machine, tags=self.tags, python=self.python_version
            ),
            places=Places(
                python=self.python,
                added=self._added_for(file) if added is None else added,
                others=self._others_for(file),
                after=self.after,
                shared=self.shared,
                system=self.system,
                preloaded=self.preloaded,
                real_python=self.real_python,
                msvcp140=self.msvcp140,
            ),
            images=self.images,
            elsewhere=self._elsewhere,
            imported=self._imported,
        )

    def preload(self, files: Mapping[str, File]) -> None:
        """Take these DLLs, by folded name, as in the process: later predictions get them."""
        self.preloaded.update(files)
        self._graphs.clear()

    def rival_folders(
        self, added: tuple[Folder, ...], wanted: frozenset[str]
    ) -> tuple[Folder, ...]:
        """Return the added folders that hold a wanted name which another of them holds too."""
        rivals: set[Folder] = set()
        for name in wanted & self._holders_of_many():
            holders = [folder for folder in self._holders(name) if folder in added]
            if len(holders) > 1:
                rivals |= set(holders)
        return tuple(folder for folder in added if folder in rivals)

    def copies(self, name: str, context: Context) -> list[str]:
        """Return the keys of copies in folders that other distributions add."""
        others = context.places.others
        files = (folder.find(name) for folder in self._holders(fold(name)) if folder in others)
        return [file.key for file in files if file is not None]

    def _holders(self, name: str) -> list[Folder]:
        self._holders_of_many()
        return self._held.get(name, [])

    def _holders_of_many(self) -> frozenset[str]:
        """Return the names that lie in more than one added folder."""
        if self._shared is None:
            inferred = (each.folder for each in self.inferred)
            for folder in dict.fromkeys((*self.added, *inferred)):
                for name in folder.names():
                    self._held.setdefault(name, []).append(folder)
            self._shared = frozenset(name for name, who in self._held.items() if len(who) > 1)
        return self._shared

    def _added_for(self, file: File) -> tuple[Folder, ...]:
        own = (a.folder for a in self.inferred if not a.tops or top(file.path) in a.tops)
        return tuple(dict.fromkeys((*own, *self.added)))

    def _others_for(self, file: File) -> tuple[Folder, ...]:
        return tuple(a.folder for a in self.inferred if a.tops and top(file.path) not in a.tops)

    def graph(self, context: Context) -> Graph:
        """Return the graph that this image shares with the others of its folder and process."""
        key = (self._home(context.root), context.process, context.places.added)
        if key not in self._graphs:
            self._graphs[key] = Graph(self._holders_of_many)
        return self._graphs[key]

    def _home(self, file: File) -> Folder:
        if self.beside is not None and file.key in self.package.by_key:
            return self.beside
        if not self._homes:
            for tree in self._trees():
                for each in tree.files.values():
                    self._homes.setdefault(each.key, tree.folder(each.folder))
        return self._homes.get(file.key) or self._home_of_deep(file)

    def _home_of_deep(self, file: File) -> Folder:
        """Return the folder of a file that an import named by a relative path."""
        return Tree(file.place, file.origin, [file]).folder(file.folder)

    def _elsewhere(self, name: str) -> Elsewhere | None:
        base = fold(name)
        if self._names is None:
            self._names = {fold(file.name): file for file in self.package.files.values()}
        file = self._names.get(base)
        if file is None:
            return None
        folder = file.path.rpartition("/")[0] or "the top folder"
        if base.endswith(".pyd"):
            return Elsewhere(folder=folder, provided_by=file.path)
        return Elsewhere(folder=folder, provided_by=self._provided(file.folder).get(base, ""))

    def _imported(self, base: str) -> bool:
        """Return whether an image without load flags of its own imports a folded name at load."""
        if self._usual is None:
            records = map(self.images.record, self.package.files.values())
            images = (record.image for record in records if record.image is not None)
            self._usual = frozenset(
                fold(with_extension(dll.name))
                for image in images
                if not image.dependent_load_flags
                for dll in image.imports
                if not dll.delayed
            )
        return base in self._usual

    def _provided(self, folder: str) -> dict[str, str]:
        """Return what the modules of a folder and their DLLs there import: name -> who is first."""
        if self._provided_by is None:
            self._provided_by = {}
            for other in self.package.files.values():
                if not fold(other.name).endswith(".pyd"):
                    continue
                image = self.images.record(other).image
                names = self._provided_by.setdefault(other.folder, {})
                home = self.package.folder(other.folder)
                waiting = [image] if image else []
                for each in waiting:  # it grows
                    for imported in each.imports:
                        name = fold(with_extension(imported.name))
                        if imported.delayed or name in names:
                            continue
                        names[name] = other.path
                        file = home.find(name)
                        further = self.images.record(file).image if file is not None else None
                        if further is not None:
                            waiting.append(further)
        return self._provided_by.get(folder, {})

    def _trees(self) -> list[Tree]:
        beside = (self.beside,) if self.beside is not None else ()
        folders = (*beside, *self.added, *self.python, *self.after)
        return [self.package, *self.shared, *(folder.tree for folder in folders)]
