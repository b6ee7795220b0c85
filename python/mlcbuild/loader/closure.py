"""Load one image in one legal order of the added folders: every need and every fault on the way.

Windows maps the dependencies first, breadth first, and binds symbols afterwards; so faults of
mapping (126, 193) are reported before faults of binding (127, 182).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlcbuild.loader.model import Problem
from mlcbuild.loader.search import resolve
from mlcbuild.loader.symbols import check_symbol
from mlcbuild.loader.words import found_reason

if TYPE_CHECKING:
    from mlcbuild.loader.images import File
    from mlcbuild.loader.search import Context, Found
    from mlcbuild.loader.symbols import Miss
    from mlcbuild.pe.facts import ImportedDll

__all__ = ["Edge", "Walk", "walk"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """One import (or delay-load, or forwarder) and what the search found."""

    importer: File
    chain: tuple[str, ...]
    found: Found
    imported: ImportedDll | None
    delayed: bool


@dataclass(slots=True)
class Walk:
    """The closure of one image."""

    edges: list[Edge] = field(default_factory=list)
    mapping: list[Problem] = field(default_factory=list)
    binding: list[Problem] = field(default_factory=list)
    delayed: list[Problem] = field(default_factory=list)

    @property
    def problems(self) -> list[Problem]:
        """Every fault, in the order in which Windows meets them; delayed ones last."""
        return [*self.mapping, *self.binding, *self.delayed]


def walk(context: Context) -> Walk:
    """Follow every import of the image and of what it needs."""
    return _Walker(context).run()


class _Walker:
    def __init__(self, context: Context) -> None:
        self.context = context
        self.result = Walk()
        self.seen: set[str] = {context.root.key}
        self.queue: deque[tuple[File, tuple[str, ...]]] = deque(
            [(context.root, (context.root.path,))]
        )
        self.bound = 0

    def run(self) -> Walk:
        while self.queue:
            while self.queue:
                self._map(*self.queue.popleft())
            # Binding may load more DLLs (forwarders): their own imports are walked next.
            edges = self.result.edges
            while self.bound < len(edges):
                edge = edges[self.bound]
                self.bound += 1
                if edge.imported is not None:
                    self._bind(edge, edge.imported)
        return self.result

    def _map(self, file: File, chain: tuple[str, ...]) -> None:
        record = self.context.images.record(file)
        image = record.image
        if image is None or record.refused or (file is not self.context.root and not image.is_dll):
            return  # Windows maps an executable that something imports, but follows nothing
        for imported in image.imports:
            if not imported.symbols and not imported.delayed:
                continue  # a descriptor without any symbol is skipped by the loader
            found = resolve(imported.name, self.context, file)
            edge = Edge(
                importer=file,
                chain=(*chain, imported.name),
                found=found,
                imported=imported,
                delayed=imported.delayed,
            )
            self._add(edge)

    def _add(self, edge: Edge) -> None:
        self.result.edges.append(edge)
        found = edge.found
        if found.cause is not None:
            problem = Problem(
                cause=found.cause,
                winerror=193 if found.cause in {"wrong-machine", "not-a-pe"} else 126,
                chain=edge.chain,
                reason=found_reason(found, self.context),
                certain=found.certain,
                delayed=edge.delayed,
            )
            (self.result.delayed if edge.delayed else self.result.mapping).append(problem)
        elif found.file is not None and not edge.delayed and found.file.key not in self.seen:
            self.seen.add(found.file.key)
            self.queue.append((found.file, edge.chain))

    def _bind(self, edge: Edge, imported: ImportedDll) -> None:
        if edge.found.cause is not None:
            return
        missing: list[Miss] = []
        for symbol in imported.symbols:
            miss, loaded = check_symbol(symbol, edge.found, self.context)
            chain = edge.chain
            for found in loaded:
                chain = (*chain, found.name)
                known = found.file is None or found.file.key in self.seen
                if found.cause is None and known:
                    continue
                if any(
                    e.found.name == found.name and e.imported is None for e in self.result.edges
                ):
                    continue
                self._add(
                    Edge(
                        importer=edge.found.file or edge.importer,
                        chain=chain,
                        found=found,
                        imported=None,
                        delayed=edge.delayed,
                    )
                )
            if miss is not None and miss.target is None:
                missing.append(miss)
        if missing:
            self._report(edge, missing)

    def _report(self, edge: Edge, missing: list[Miss]) -> None:
        first = missing[0]
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        problem = Problem(
            cause=first.cause,
            winerror=first.winerror,
            chain=(*edge.chain, *first.trail),
            reason=first.reason + more,
            delayed=edge.delayed,
            symbol=first.symbol,
            symbols=tuple(miss.symbol for miss in missing),
        )
        (self.result.delayed if edge.delayed else self.result.binding).append(problem)
