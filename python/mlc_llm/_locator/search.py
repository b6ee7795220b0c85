"""The loader's search in one process: what is loaded, which folders were added, who wins.

Windows looks among the loaded modules, then in the library's own folder, the program's, the added
ones and System32 (LOAD_LIBRARY_SEARCH_DEFAULT_DIRS with DLL_LOAD_DIR, which ctypes, imports and
os.add_dll_directory give). Of the added ones the last comes first; Microsoft leaves that open.
Elsewhere only TVM's libraries are followed: where the others lie is the loader's own business.
"""

from __future__ import annotations

import os

from mlc_llm._locator.image import NotAnImageError, read_image
from mlc_llm._locator.process import loaded_modules, program_folder, system_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlc_llm._locator import Host

__all__ = ["Needed", "Search"]


class Needed:
    """One library that the loader meets: its name as the importer spells it, and where it lies."""

    __slots__ = ("importer", "name", "path")

    def __init__(self, name: str, path: str | None, importer: str) -> None:
        self.name = name
        self.path = path
        self.importer = importer


class Search:
    """Where a process looks. ``loaded``: name in small letters -> path."""

    __slots__ = ("added", "host", "loaded", "program", "system")

    def __init__(
        self, host: Host, added: Sequence[str] = (), *, loaded: Mapping[str, str] | None = None
    ) -> None:
        self.host = host
        self.added = list(added)
        self.loaded = dict(loaded or {})
        self.program = program_folder()
        self.system = system_folder()

    @classmethod
    def here(cls, host: Host, added: Sequence[str] = ()) -> Search:
        """Return the search of this process, with what it has loaded by now."""
        return cls(host, added, loaded=loaded_modules())

    def add(self, folder: str) -> None:
        """Do as ``os.add_dll_directory``."""
        self.added.append(folder)

    def order(self, path: str) -> list[str]:
        """Return the folders in which the loader looks for what ``path`` needs, in its order."""
        own = os.path.dirname(path)
        if self.host.system != "windows":
            return [own, *self.added]
        folders = [own, self.program, *reversed(self.added), self.system]
        return [folder for folder in dict.fromkeys(folders) if folder]

    def find(self, name: str, path: str) -> str | None:
        """Return the file that answers an import of ``path`` by this name, None if none does."""
        if loaded := self.loaded.get(name.lower()):
            return loaded
        places = [os.path.join(folder, name) for folder in self.order(path)]
        found = [place for place in places if os.path.isfile(place)]
        fitting = [place for place in found if self._fits(place)]
        return next(iter(fitting or found), None)

    def _fits(self, path: str) -> bool:
        """Tell what the search stops at: Windows passes over images of another machine."""
        try:
            return self.host.machine in read_image(path).machines
        except (NotAnImageError, OSError):
            return True

    def walk(self, path: str) -> list[Needed]:
        """Return what ``path`` needs, breadth first, itself first.

        What is loaded already, Windows' own DLLs and API sets are not followed.
        """
        found = [Needed(os.path.basename(path), path, "")]
        seen = {os.path.basename(path).lower()}
        for node in found:  # grows while it is walked
            if node.path is None or self._settled(node):
                continue
            try:
                needed = read_image(node.path).needed
            except (NotAnImageError, OSError):
                continue
            for spelled in needed:
                name = os.path.basename(spelled)  # macOS: @rpath/libtvm_runtime.dylib
                key = name.lower()
                if key not in seen and self._followed(key):
                    seen.add(key)
                    found.append(Needed(name, self.find(name, path), node.path))
        return found

    def load(self, path: str) -> None:
        """Take ``path`` and what it needs for loaded."""
        for node in self.walk(path):
            if node.path:
                self.loaded.setdefault(node.name.lower(), node.path)

    def is_system(self, path: str) -> bool:
        """Tell one of Windows' own files."""
        return _same(os.path.dirname(path), self.system)

    def _settled(self, node: Needed) -> bool:
        if node.importer and node.name.lower() in self.loaded:
            return True
        return node.path is not None and self.is_system(node.path)

    def _followed(self, name: str) -> bool:
        if self.host.system == "windows":
            return not name.startswith(("api-ms-win-", "ext-ms-"))
        return name.startswith(("libtvm", "libmlc_llm"))


def _same(one: str, other: str) -> bool:
    return one == other or one.lower() == other.lower()
