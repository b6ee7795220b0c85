"""Which images of a package only a feature needs: those that may fail and the import still works.

Only evidence in the package counts, and where it is thin an image is needed. Optional are an
extension module whose every import stands in a ``try`` that catches ``ImportError``; a DLL that no
image imports and no Python source that loads DLLs can mean; in a wheel without sources, one that
another image names and does not import, to load it at run time; Qt's plug-ins; programs; copies for
another processor. And only where something that is needed does load.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError
from mlcbuild.loader.assume import calls_loader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlcbuild.package.member import Package
    from mlcbuild.rules.finding import Subject

__all__ = ["guarded", "optional_images"]

#: Bigger sources are generated tables.
_SIZE: Final = 1 << 19
#: Bytes of sources that are read in all.
_ALL: Final = 48 << 20
#: Bigger images are not searched for names.
_IMAGE: Final = 64 << 20
#: Stands for sources that are too many to be read: a loader that can mean whatever there is.
_ANYTHING: Final = b"CDLL(*.dll); import_module()"
_CODES: Final = ("utf-8", "utf-16-le")
_WORD: Final = re.compile(r"[a-z_]\w{4,}")
#: A loader that takes whatever lies in a folder.
_SWEEPING: Final = re.compile(rb"\*\.(?:dll|so)|\blistdir\b|\bscandir\b|\biterdir\b|\bglob\b")
_QT: Final = re.compile(r"qt[56]\w+\.dll")
#: Not those of ``platforms``: without its window system no program of Qt starts.
_QT_PLUGIN: Final = re.compile(r"/(?:plugins/(?!platforms/)[^/]+/[^/]+|qml/.+)\.dll$")
#: What catches the ImportError of a DLL that does not load; ModuleNotFoundError does not.
_CATCHING: Final = frozenset({"ImportError", "Exception", "BaseException"})


def optional_images(subject: Subject, package: Package) -> frozenset[str]:
    """Return the images that do not load and that importing the package does not need."""
    troubled = [path for path, load in subject.loads.items() if load.verdict != "loads"]
    if not troubled or subject.kind == "image":
        return frozenset()
    wanted = [_stem(path).encode() for path in troubled if path.casefold().endswith(".pyd")]
    any_source, sources = _sources(package, wanted)
    tops = {path.partition("/")[0] for path in subject.images}
    means = _Means(sources, tops, none=not any_source)
    importers = subject.importers()
    qt = any(map(_QT.fullmatch, subject.named))  # its core may lie in another wheel
    others = {path for path in troubled if _for_another_machine(subject, path)}
    optional = others | {
        path
        for path in troubled
        if path.casefold().endswith(".exe")
        or (qt and _QT_PLUGIN.search(f"/{path.casefold()}"))
        or (path.casefold().endswith(".pyd") and guarded(_stem(path), sources))
    }
    named = (path for path in troubled if path.casefold().endswith(".dll") and any_source)
    dlls = [path for path in named if not means.image(path)]
    while new := {p for p in dlls if p not in optional and importers.get(p, set()) <= optional}:
        optional |= new
    imported = {path for path, who in importers.items() if not who <= optional}
    if not any_source:
        alone = [p for p in troubled if p not in optional and p not in imported]
        optional |= _named_by_others(subject, package, alone)
    if _anchored(subject, optional, imported, means):
        return frozenset(optional)
    return frozenset(others if len(troubled) < len(subject.loads) else ())


def _named_by_others(subject: Subject, package: Package, paths: Sequence[str]) -> set[str]:
    """Return the DLLs whose file name stands in an image that loads, or in one of themselves."""
    waiting = {path: path.rpartition("/")[2].lower() for path in paths}
    members = {member.path: member for member in package.members()}
    readers = [path for path, load in subject.loads.items() if load.verdict == "loads"]
    found: set[str] = set()
    for reader in readers:  # it grows
        member = members.get(reader)
        if not waiting or member is None or member.size > _IMAGE:
            continue
        try:
            content = bytes(package.read(member)).lower()
        except InputError:
            continue
        named = [
            path
            for path, name in waiting.items()
            if path != reader and any(name.encode(code) in content for code in _CODES)
        ]
        for path in named:
            del waiting[path]
        found |= set(named)
        readers += named
    return found


def _for_another_machine(subject: Subject, path: str) -> bool:
    """Return whether this is a helper for other processes; Python loads no extension for them."""
    load = subject.loads[path]
    itself = load.cause == "wrong-machine" and len(load.chain) <= 1
    return itself and not path.casefold().endswith(".pyd")


def _anchored(subject: Subject, optional: set[str], imported: set[str], means: _Means) -> bool:
    """Return whether something that is surely needed loads: else the package itself is broken."""
    return any(
        load.verdict == "loads"
        and path not in optional
        and (
            means.none  # nothing is imported, and something is there to be used
            or path.casefold().endswith(".pyd")
            or path in imported
            or means.image(path)
        )
        for path, load in subject.loads.items()
    )


class _Means:
    """What the sources that load DLLs can mean, by the words in them."""

    def __init__(self, sources: Sequence[bytes], tops: set[str], *, none: bool) -> None:
        #: There is no Python source: importing the wheel loads nothing.
        self.none = none
        loaders = [content for content in sources if calls_loader(content)]
        self._all = any(_SWEEPING.search(content) for content in loaders)
        texts = (content.decode("utf-8", "replace").lower() for content in loaders)
        self._words = frozenset(word for text in texts for word in _WORD.findall(text))
        self._names = frozenset(top.lower() for top in tops)

    def image(self, path: str) -> bool:
        """Return whether a loader can mean this DLL: all of a folder, its name, or a part of it."""
        if self._all:
            return True
        stem = _stem(path).casefold()
        for each in {stem, stem.removeprefix("lib")}:
            if each in self._words:
                return True
            if any(each.startswith(word) for word in self._words - self._names):
                return True
        return False


def guarded(module: str, sources: Iterable[bytes]) -> bool:
    """Return whether sources import an extension module, and each time ready for its failure."""
    seen = False
    for content in sources:
        if content is _ANYTHING:
            return False
        if module.encode() not in content:
            continue
        if b"import_module" in content or b"__import__" in content:
            return False
        try:
            tree = ast.parse(content)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        for caught in _imports(tree, module, caught=False):
            if not caught:
                return False
            seen = True
    return seen


def _imports(node: ast.AST, module: str, *, caught: bool) -> Iterator[bool]:
    """Give, for each import of a module, whether an ImportError of it is caught."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
        if any(name.rpartition(".")[2] == module for name in names):
            yield caught
        return
    if isinstance(node, ast.Try):
        inside = caught or any(map(_catches, node.handlers))
        for part in node.body:
            yield from _imports(part, module, caught=inside)
        for rest in (*node.handlers, *node.orelse, *node.finalbody):
            yield from _imports(rest, module, caught=caught)
        return
    for each in ast.iter_child_nodes(node):
        yield from _imports(each, module, caught=caught)


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return not any(isinstance(each, ast.Raise) for each in ast.walk(handler))
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    named = any(isinstance(kind, ast.Name) and kind.id in _CATCHING for kind in kinds)
    return named and not any(isinstance(each, ast.Raise) for each in ast.walk(handler))


def _stem(path: str) -> str:
    """Return a module's or DLL's name: up to the first dot of an extension module."""
    name = path.rpartition("/")[2]
    return name.partition(".")[0] if name.casefold().endswith(".pyd") else name.rpartition(".")[0]


def _sources(package: Package, wanted: Sequence[bytes]) -> tuple[bool, list[bytes]]:
    """Return whether there is any source, and those that load DLLs or have a wanted word."""
    found: list[bytes] = []
    any_source, left = False, _ALL
    for member in package.members():
        if not member.path.endswith(".py") or member.size > _SIZE:
            continue
        any_source = True
        left -= member.size
        if left < 0:
            return True, [_ANYTHING]
        try:
            content = bytes(package.read(member))
        except InputError:
            continue  # the rule on RECORD tells of damage
        if calls_loader(content) or any(word in content for word in wanted):
            found.append(content)
    return any_source, found
