"""Everything a load can see: the package, what is installed beside it, Python, Windows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlcbuild.loader.images import Images
from mlcbuild.loader.names import fold
from mlcbuild.loader.process import process_of
from mlcbuild.loader.search import Context, Places

if TYPE_CHECKING:
    from mlcbuild.loader.images import File, Folder, Tree
    from mlcbuild.loader.system import System
    from mlcbuild.pe.facts import Image, Machine

__all__ = ["World"]


@dataclass(kw_only=True, slots=True)
class World:
    """The places of one machine. Build it by ``world_from_package``, ask it by ``predict``."""

    package: Tree
    system: System
    #: Folders of ``os.add_dll_directory``: assumed, of companions, of ``--add-dir``. Unordered.
    added: tuple[Folder, ...] = ()
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
    #: What was taken for granted, in words, to be shown to the reader.
    assumptions: tuple[str, ...] = ()
    images: Images = field(default_factory=Images)
    _homes: dict[str, Folder] = field(default_factory=dict)
    _rivals: dict[tuple[Folder, ...], frozenset[Folder]] = field(default_factory=dict)

    def file(self, path: str) -> File:
        """Return the package's file of this path. Raises ``KeyError`` if there is none."""
        return self.package.files[fold(path)]

    def image(self, key: str) -> Image | None:
        """Return the facts of a file by ``Need.key``; None for one that is no usable image."""
        folders = (*self.added, *self.python, *self.after)
        for tree in (self.package, *(folder.tree for folder in folders)):
            for file in tree.files.values():
                if file.key == key:
                    return self.images.record(file).image
        raise KeyError(key)

    def in_package(self, file: File) -> bool:
        """Return whether a file belongs to the examined package."""
        return self.package.files.get(fold(file.path)) is file

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
                added=self.added if added is None else added,
                after=self.after,
                system=self.system,
                real_python=self.real_python,
                msvcp140=self.msvcp140,
            ),
            images=self.images,
        )

    def rival_folders(self, added: tuple[Folder, ...]) -> frozenset[Folder]:
        """Return the added folders that share a base name with another one."""
        wanted = tuple(sorted(added, key=lambda folder: (folder.tree.label, folder.path)))
        if wanted not in self._rivals:
            holders: dict[str, list[Folder]] = {}
            for folder in wanted:
                for name in folder.names():
                    holders.setdefault(name, []).append(folder)
            self._rivals[wanted] = frozenset(
                folder for group in holders.values() if len(group) > 1 for folder in group
            )
        return self._rivals[wanted]

    def _home(self, file: File) -> Folder:
        if not self._homes:
            trees = [folder.tree for folder in (*self.added, *self.python, *self.after)]
            for tree in (*trees, self.package):
                for each in tree.files.values():
                    self._homes[each.key] = tree.folder(each.folder)
        return self._homes[file.key]
