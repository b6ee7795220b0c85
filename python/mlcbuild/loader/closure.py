"""Load one image in one legal order of the added folders: every need and every fault on the way.

Windows maps the dependencies first, breadth first, and binds symbols afterwards; so faults of
mapping (126, 193) are reported before faults of binding (127, 182).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlcbuild.loader.graph import Edge, Graph
    from mlcbuild.loader.images import File
    from mlcbuild.loader.model import Problem
    from mlcbuild.loader.search import Context

__all__ = ["Step", "Walk", "walk"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One edge of the closure, with the file that has it."""

    importer: File
    edge: Edge


@dataclass(slots=True)
class Walk:
    """The closure of one image."""

    steps: list[Step] = field(default_factory=list)
    mapping: list[Problem] = field(default_factory=list)
    binding: list[Problem] = field(default_factory=list)
    delayed: list[Problem] = field(default_factory=list)

    @property
    def faults(self) -> list[Problem]:
        """Every fault of the load itself, in the order in which Windows meets them."""
        return [*self.mapping, *self.binding]


def walk(context: Context, graph: Graph) -> Walk:
    """Follow every import of the image and of what it needs."""
    result = Walk()
    root = context.root
    queue: deque[tuple[File, tuple[str, ...]]] = deque([(root, (root.path,))])
    seen = {root.key}
    while queue:
        file, chain = queue.popleft()
        node = graph.node(file, context)
        for ours, theirs in (
            (result.mapping, node.mapping),
            (result.binding, node.binding),
            (result.delayed, node.delayed),
        ):
            if theirs and (file is root or ours is not result.delayed):
                ours += [replace(problem, chain=(*chain, *problem.chain)) for problem in theirs]
        for edge in node.edges:
            result.steps.append(Step(importer=file, edge=edge))
            found = edge.found
            if found.file is None or edge.delayed or found.file.key in seen:
                continue
            if found.file.origin == "system":
                continue  # Windows is taken to be whole
            if found.cause is None or not found.certain:
                seen.add(found.file.key)
                queue.append((found.file, (*chain, *edge.names)))
    return result
