"""What a package's Python sources say about its images: which import or load them by name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError
from mlcbuild.loader.assume import loads_dlls

if TYPE_CHECKING:
    from mlcbuild.package.member import Package

#: Bigger sources are generated tables.
_SIZE: Final = 1 << 19
#: Bytes of sources that are read in all.
_ALL: Final = 48 << 20
#: Stands for sources that are too many to be read: a loader that can mean whatever there is.
_ANYTHING: Final = b"CDLL(*.dll); import_module()"
_ASIDE: Final = re.compile(
    r"(?:^|/)(?:(?:tests?|examples?|_*pyinstaller)/|hook-[^/]+\.py$)", re.IGNORECASE
)
_WORD: Final = re.compile(r"[a-z_]\w{4,}")
#: A name with its dots; what it begins with may be the begin of another.
_NAME: Final = re.compile(r"[a-z_][\w.-]{4,}")
_ENDING: Final = re.compile(r"\.(?:dll|so|dylib|pyd)?$")
#: A loader that takes whatever is in a folder.
_SWEEPING: Final = re.compile(rb"\*\.(?:dll|so)|\blistdir\b|\bscandir\b|\biterdir\b|\bglob\b")
#: What catches the ImportError of a DLL that does not load; ModuleNotFoundError does not.
_CATCHING: Final = frozenset({"ImportError", "Exception", "BaseException"})


class Means:
    """The DLLs that sources with DLL loads can refer to, judged by the words in them."""

    def __init__(self, sources: Sequence[bytes], tops: set[str]) -> None:
        codes = (_code(content) for content in sources if loads_dlls(content))
        loaders = [code for code in codes if loads_dlls(code)]
        #: One of them takes whatever is in a folder.
        self.sweeping = any(_SWEEPING.search(content) for content in loaders)
        texts = [content.decode("utf-8", "replace").lower() for content in loaders]
        self._words = frozenset(word for text in texts for word in _WORD.findall(text))
        names = {_ENDING.sub("", name) for text in texts for name in _NAME.findall(text)}
        self._begins = frozenset(names - {top.lower() for top in tops})

    def names(self, path: str) -> bool:
        """Return whether a loading source contains the full name of this DLL."""
        stem = stem_of(path).casefold()
        return bool({stem, stem.removeprefix("lib")} & (self._words | self._begins))

    def image(self, path: str) -> bool:
        """Return whether a loading source can refer to this DLL: by folder, name, or part of it."""
        if self.sweeping or self.names(path):
            return True
        stem = stem_of(path).casefold()
        return any(
            each.startswith(begin)
            for each in {stem, stem.removeprefix("lib")}
            for begin in self._begins
        )


def _code(source: bytes) -> bytes:
    """Return a source without comments and documentation: prose loads nothing."""
    if source is _ANYTHING:
        return source
    try:
        tree = ast.parse(source)
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                node.body = [each for each in body if not _is_prose(each)] or [ast.Pass()]  # type: ignore[attr-defined]
        return ast.unparse(tree).encode()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source


def _is_prose(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def stem_of(path: str) -> str:
    """Return a module's or DLL's name: up to the first dot of an extension module."""
    name = path.rpartition("/")[2]
    return name.partition(".")[0] if name.casefold().endswith(".pyd") else name.rpartition(".")[0]


def sources_of(
    package: Package, wanted: Sequence[bytes], *, loaders: bool = True
) -> tuple[bool, list[bytes]]:
    """Return whether there is any source, and the sources that load DLLs or contain a wanted word.

    Tests, examples and freezers' hooks are not run by users of the package.
    """
    found: list[bytes] = []
    any_source, left = False, _ALL
    for member in package.members():
        if not member.path.endswith(".py") or member.size > _SIZE or _ASIDE.search(member.path):
            continue
        any_source = True
        left -= member.size
        if left < 0:
            return True, [_ANYTHING]
        try:
            content = bytes(package.read(member))
        except InputError:
            continue  # the rule on RECORD tells of damage
        if (loaders and loads_dlls(content)) or any(word in content for word in wanted):
            found.append(content)
    return any_source, found


def guarded(module: str, sources: Iterable[bytes]) -> bool:
    """Return whether sources import an extension module and always handle its failure."""
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
    """Yield, for each import of a module, whether its ImportError is caught."""
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
