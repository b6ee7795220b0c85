"""What each file needs, as seen from one folder: the loader's graph, each node worked out once.

Two images in one folder, loaded by one process, share everything but their own place in it; so do
the files they need. A ``Graph`` holds the nodes of one such view.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlcbuild.loader.model import Problem
from mlcbuild.loader.names import fold
from mlcbuild.loader.search import resolve
from mlcbuild.loader.symbols import check_symbol, fault_code
from mlcbuild.loader.words import found_reason

if TYPE_CHECKING:
    from mlcbuild.loader.images import File
    from mlcbuild.loader.search import Context, Found
    from mlcbuild.loader.symbols import Miss
    from mlcbuild.pe.facts import Image, ImportedDll

__all__ = ["Edge", "Graph", "Node"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """One import, delay-load or forwarder of a file. ``via`` names the DLLs in between."""

    name: str
    found: Found
    via: tuple[str, ...] = ()
    delayed: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The steps from the importer to what was found."""
        return (*self.via, self.name)


@dataclass(slots=True)
class Node:
    """One file's own edges and faults. Chains are relative: they start after the file."""

    edges: list[Edge] = field(default_factory=list)
    mapping: list[Problem] = field(default_factory=list)
    binding: list[Problem] = field(default_factory=list)
    delayed: list[Problem] = field(default_factory=list)


class Graph:
    """The nodes of one view: one folder, one process, one order of the added folders."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[str, str], Node] = {}

    def node(self, file: File, context: Context) -> Node:
        """Return what one file needs, asked for as the image itself or as a dependency."""
        record = context.images.record(file)
        image = record.image
        root = context.root
        starts = file is root and not context.process.python
        if image is None or record.refused or not (starts or image.is_dll):
            return Node()  # Windows maps an image without the DLL flag, but follows nothing
        # The image asked for is found by its name wherever it lies: such nodes are its own.
        own = fold(root.name) in context.images.imported(file)
        key = (file.key, root.key if own else "")
        if key not in self._nodes:
            self._nodes[key] = _build(file, image, context)
        return self._nodes[key]


def _build(file: File, image: Image, context: Context) -> Node:
    node = Node()
    for imported in image.imports:
        if not imported.symbols and not imported.delayed:
            continue  # a descriptor without any symbol is skipped by the loader
        found = resolve(imported.name, context, file)
        _add(node, Edge(name=imported.name, found=found, delayed=imported.delayed), context)
        if found.cause is None or found.certain is False:
            _bind(node, file, imported, found, context)
    return node


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
    """Look every symbol up in the DLL that wins; what forwarders load becomes edges as well."""
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
