"""The loader's graph: each file's dependencies as seen from one folder, computed once.

Two images in one folder, loaded by one process, share everything except their own place in it; so
do their dependencies. A ``Graph`` holds the nodes of one such view.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import TYPE_CHECKING

from mlcbuild.loader.names import fold
from mlcbuild.loader.nearest import mark
from mlcbuild.loader.node import Edge, Node
from mlcbuild.loader.outcome import Problem
from mlcbuild.loader.search import is_special, resolve
from mlcbuild.loader.symbols import Miss, check_symbol, fault_code
from mlcbuild.loader.words import found_reason

if TYPE_CHECKING:
    from mlcbuild.loader.context import Context, Found
    from mlcbuild.loader.images import File
    from mlcbuild.pe.facts import ImportedDll


class Graph:
    """The nodes of one view: one folder, one process, one order of the added folders.

    ``ambiguous`` are the folded names that are in several added folders.
    """

    def __init__(self, ambiguous: Callable[[], Container[str]] = frozenset) -> None:
        self._nodes: dict[tuple[str, str], Node] = {}
        self._ambiguous = ambiguous

    def node(self, file: File, context: Context) -> Node:
        """Return one file's node with all its dependencies, marked by ``nearest``."""
        key = self._key(file, context)
        if key not in self._nodes:
            self._explore(file, context)
        return self._nodes[key]

    def _explore(self, first: File, context: Context) -> None:
        new: list[Node] = []

        def take(file: File) -> Node:
            key = self._key(file, context)
            node = self._nodes.get(key)
            if node is None:
                node = self._nodes[key] = Node(file=file)
                new.append(node)
            return node

        take(first)
        for node in new:  # it grows
            _build(node, context)
            followed = {id(node)}
            for edge in node.edges:
                found = edge.found
                if found.file is None or edge.delayed or found.file.origin == "system":
                    continue  # Windows is taken to be whole
                if found.cause is None or not found.certain:
                    target = take(found.file)
                    if id(target) not in followed:
                        followed.add(id(target))
                        node.follow.append((edge, target))
        mark(new, self._matters)

    def _matters(self, node: Node) -> bool:
        ambiguous = self._ambiguous()
        return bool(node.troubles) or any(
            fold(edge.found.name) in ambiguous for edge in node.edges if edge.found.file is not None
        )

    @staticmethod
    def _key(file: File, context: Context) -> tuple[str, str]:
        # The image asked for is found by its name wherever it is: where a search for that name
        # ends elsewhere, the nodes of its importers are its own.
        own = context.root.name if _found_by_name_alone(file, context) else ""
        return file.key, own and context.root.key


def _found_by_name_alone(file: File, context: Context) -> bool:
    """Return whether a file's import of the requested image ends there only because of its name."""
    root = context.root
    if file is root or fold(root.name) not in context.images.imported(file):
        return False
    image = context.images.record(file).image
    first = context.folder_of(root).find(root.name)
    return first is not root or bool(image and image.dependent_load_flags) or is_special(context)


def _build(node: Node, context: Context) -> None:
    file = node.file
    record = context.images.record(file)
    image = record.image
    starts = file is context.root and not context.process.python
    if image is None or record.refused or not (starts or image.is_dll):
        return  # Windows maps an image without the DLL flag, but follows nothing
    for imported in image.imports:
        if not imported.symbols and not imported.delayed:
            continue  # a descriptor without any symbol is skipped by the loader
        found = resolve(imported.name, context, file)
        _add(node, Edge(name=imported.name, found=found, delayed=imported.delayed), context)
        if found.cause is None or found.certain is False:
            _bind(node, file, imported, found, context)


def _add(node: Node, edge: Edge, context: Context) -> None:
    node.edges.append(edge)
    found = edge.found
    if found.cause is None:
        return
    problem = Problem(
        cause=found.cause,
        winerror=fault_code(found, context),
        chain=edge.names,
        reason=found_reason(found, context),
        certain=found.certain,
        delayed=edge.delayed,
    )
    (node.delayed if edge.delayed else node.mapping).append(problem)


def _bind(node: Node, file: File, imported: ImportedDll, found: Found, context: Context) -> None:
    """Look up every symbol in the DLL that was found; forwarders' targets become edges too."""
    holder = found.file.key if found.file else f"*{fold(found.name)}"
    key = (file.key, imported.name, imported.delayed, holder)
    if key in context.images.bound:
        return
    missing: list[Miss] = []
    forwarded: dict[str, Edge] = {}
    good = context.images.exported.setdefault(holder, set())
    for symbol in imported.symbols:
        if symbol.name in good:
            continue
        miss, loaded = check_symbol(symbol, found, context)
        if miss is None and not loaded and symbol.name is not None:
            good.add(symbol.name)
        via: tuple[str, ...] = (imported.name,)
        for each in loaded:
            edge = Edge(name=each.name, found=each, via=via, delayed=imported.delayed)
            forwarded.setdefault(fold(each.name), edge)
            via = (*via, each.name)
        if miss is not None and miss.target is None:
            missing.append(miss)
    for edge in forwarded.values():
        _add(node, edge, context)
    if missing:
        problem = _missing(imported, missing)
        (node.delayed if imported.delayed else node.binding).append(problem)
    elif not forwarded:
        context.images.bound.add(key)  # good wherever these two files meet


def _missing(imported: ImportedDll, missing: list[Miss]) -> Problem:
    first = next((miss for miss in missing if miss.certain), missing[0])
    more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
    return Problem(
        cause=first.cause,
        winerror=first.winerror,
        chain=(imported.name, *first.trail),
        reason=first.reason + more,
        certain=first.certain,
        delayed=imported.delayed,
        symbol=first.symbol,
        symbols=tuple(miss.symbol for miss in missing),
    )
