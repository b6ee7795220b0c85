"""The files a process can find, each read once: facts and exports, or why Windows refuses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from mlcbuild.errors import InputError
from mlcbuild.loader.names import fold, with_extension

if TYPE_CHECKING:
    import mmap

    from mlcbuild.loader.outcome import Origin
    from mlcbuild.pe.facts import ExportedSymbol, Image


def read_record(data: memoryview | bytes | mmap.mmap, path: str) -> Record:
    """Return the loader's facts about one file. Never raises: a refusal is in the record."""
    from mlcbuild.pe.reader import PeFile  # noqa: PLC0415 - loaded if something is read

    try:
        pe = PeFile(data, path=path)
        image = pe.image()
        exports = pe.exports()
    except InputError as error:
        return Record(refused=str(error))
    empty = exports.dll_name is None and not len(exports) and not any(exports.ordinals())
    return Record(image=image, exports=None if empty else exports, refused=image.invalid or "")


class Symbols(Protocol):
    """The exports of one image. ``mlcbuild.pe.exports.Exports`` is one."""

    def find(self, symbol: str | int) -> ExportedSymbol | None:
        """Return the export of this name (case counts) or ordinal; None if there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One file as the loader sees it.

    ``refused`` is the reason why Windows maps it into no process, empty if there is none; a
    refused file may still have facts. ``exports`` is None without an export directory.
    """

    image: Image | None = None
    exports: Symbols | None = None
    refused: str = ""

    @property
    def winerror(self) -> int:
        """Windows' error for a refused file: 193, or 487 if no address is available for it."""
        return self.image.winerror if self.image is not None else 193


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """One file of one place. ``key`` is unique in a ``World``; the path itself in the package."""

    key: str
    path: str
    origin: Origin
    place: str
    read: Callable[[], Record]

    @property
    def name(self) -> str:
        """The base name, as spelled."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folder inside its tree, as compared."""
        return fold(self.path).rpartition("/")[0]


class Tree:
    """The files of one place by folded path: a package, a companion, one added folder."""

    def __init__(
        self,
        label: str,
        origin: Origin,
        files: Iterable[File],
        *,
        deeper: Callable[[str], File | None] | None = None,
    ) -> None:
        self.label = label
        #: Looks a relative path up that ``files`` does not list (a folder on disk).
        self.deeper = deeper
        self.origin = origin
        #: Every file, also those that Windows cannot keep beside another of the same folded path.
        self.every = tuple(files)
        #: What is in the folders: of two files of one path the last, as installers write them.
        self.files = {fold(file.path): file for file in self.every}
        self.by_key = {file.key: file for file in self.every}

        self._folders: dict[str, Folder] = {}
        self._by_folder: dict[str, list[File]] | None = None

    def folder(self, path: str) -> Folder:
        """Return one folder of it, always the same object; the empty path is its root."""
        path = fold(path).strip("/")
        if path not in self._folders:
            self._folders[path] = Folder(self, path)
        return self._folders[path]

    def in_folder(self, path: str) -> list[File]:
        """Return the files of one folder (a folded path), without its subfolders."""
        if self._by_folder is None:
            self._by_folder = {}
            for file in self.files.values():
                self._by_folder.setdefault(file.folder, []).append(file)
        return self._by_folder.get(path, [])

    def folders_with_dlls(self) -> list[Folder]:
        """Return every folder that holds a ``.dll``, in order of path."""
        paths = {path.rpartition("/")[0] for path in self.files if path.endswith(".dll")}
        return [self.folder(path) for path in sorted(paths)]


class Folder:
    """One folder of a tree; compared by identity."""

    __slots__ = ("path", "tree")

    def __init__(self, tree: Tree, path: str) -> None:
        self.tree = tree
        self.path = path

    def find(self, name: str) -> File | None:
        """Look a name up, or a relative path, ignoring case."""
        key = f"{self.path}/{fold(name)}" if self.path else fold(name)
        file = self.tree.files.get(key)
        if file is None and "/" in key and self.tree.deeper is not None:
            return self.tree.deeper(name)
        return file

    @property
    def shown(self) -> str:
        """The path as spelled; ``.`` for the root."""
        for file in self.tree.in_folder(self.path):
            return file.path.rpartition("/")[0] or "."
        return self.path or "."

    def names(self) -> list[str]:
        """Return the folded base names of the DLLs in it."""
        names = (fold(file.name) for file in self.tree.in_folder(self.path))
        return [name for name in names if name.endswith(".dll")]


@dataclass(slots=True)
class Images:
    """Reads each file once and caches the result."""

    #: (importer, DLL name, delayed, winner) of imports that are known to bind.
    bound: set[tuple[str, str, bool, str]] = field(default_factory=set)
    #: By file, the symbols that it is known to export itself: thousands of imports ask for few.
    exported: dict[str, set[str]] = field(default_factory=dict)
    _imported: dict[str, frozenset[str]] = field(default_factory=dict)
    _records: dict[str, Record] = field(default_factory=dict)

    def imported(self, file: File) -> frozenset[str]:
        """Return the names that a file imports, as compared."""
        known = self._imported.get(file.key)
        if known is None:
            image = self.record(file).image
            imports = image.imports if image is not None else ()
            known = frozenset(fold(with_extension(each.name)) for each in imports)
            self._imported[file.key] = known
        return known

    def record(self, file: File) -> Record:
        """Return the file's facts, reading them on first use."""
        known = self._records.get(file.key)
        if known is None:
            known = self._records[file.key] = file.read()
        return known
