"""The input and the result of a search for a DLL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlcbuild.loader.images import File, Folder, Images, Tree
    from mlcbuild.loader.outcome import Cause, Origin
    from mlcbuild.loader.python_process import Process
    from mlcbuild.loader.system import System, Table


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """The folders of one machine, in the order in which this process searches them."""

    python: tuple[Folder, ...]
    #: Folders of ``os.add_dll_directory``, in one of the legal orders.
    added: tuple[Folder, ...]
    #: conda's own folders, between the added ones and System32.
    after: tuple[Folder, ...]
    system: System
    #: Folders that other distributions of one site-packages add: there if imported before.
    others: tuple[Folder, ...] = ()
    #: Trees that lie over each other: their folders of one path are one folder.
    shared: tuple[Tree, ...] = ()
    #: DLLs that Python code has loaded before: folded name -> file.
    preloaded: Mapping[str, File] = field(default_factory=dict)
    #: True where ``python`` lists a real folder: then only what is there exists.
    real_python: bool = False
    #: ``none`` where the machine has no Visual C++ redistributable.
    msvcp140: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """One load: the requested image, the process, the folders."""

    root: File
    folder_of: Callable[[File], Folder]
    process: Process
    places: Places
    images: Images
    #: Where in the package a name lies that was not found; None if nowhere.
    elsewhere: Callable[[str], Elsewhere | None]
    #: Whether an image of the package imports a name by the usual search: it may be in the process.
    imported: Callable[[str], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Elsewhere:
    """A file of the package that the search does not reach."""

    folder: str
    #: The extension module that has loaded it by then if Python imported it before; empty if none.
    provided_by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The result of the search. Neither file nor table nor ``cause``: found, exports unknown."""

    name: str
    origin: Origin
    file: File | None = None
    table: Table | None = None
    provider: str = ""
    cause: Cause | None = None
    certain: bool = True
    #: Why it is missing, where that is not for lack of the file.
    why: str = ""
