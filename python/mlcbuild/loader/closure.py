"""Load one image in one legal order of the added folders: every need and the faults on the way.

Windows maps the dependencies first, breadth first, and binds symbols afterwards; so faults of
mapping (126, 193) are reported before faults of binding (127, 182).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from mlcbuild.loader.nearest import chain_of, shortened
from mlcbuild.loader.node import KINDS, Edge, Node

if TYPE_CHECKING:
    from mlcbuild.loader.context import Context
    from mlcbuild.loader.graph import Graph
    from mlcbuild.loader.images import File
    from mlcbuild.loader.outcome import Problem

#: Faults of what an image needs that its load lists, the nearest first; its own are all listed.
_FURTHER: Final = 64
#: The same, over all images of a package: a thousand images that each miss one see a million.
_FURTHER_IN_ALL: Final = 20_000
#: Files that one load looks at for a fault, for each fault that it may list.
_FILES_FOR_ONE: Final = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One edge of the closure, with the file that has it."""

    importer: File
    edge: Edge


@dataclass(slots=True)
class Walk:
    """The closure of one image: its own imports, and faults or open questions further down."""

    whole: bool = True
    steps: list[Step] = field(default_factory=list)
    mapping: list[Problem] = field(default_factory=list)
    binding: list[Problem] = field(default_factory=list)
    delayed: list[Problem] = field(default_factory=list)
    #: The fault that decides: the first certain one, else the first that may strike.
    reported: Problem | None = None

    @property
    def faults(self) -> list[Problem]:
        """The listed faults of the load itself, in the order in which Windows meets them."""
        return [*self.mapping, *self.binding]


def further_limit(images: int) -> int:
    """Return how many faults of dependencies one load lists, for this number of images."""
    return max(8, min(_FURTHER, _FURTHER_IN_ALL // max(1, images)))


def walk(context: Context, graph: Graph, *, further: int, whole: bool) -> Walk:
    """Follow every import of the image and its dependencies, as far as there is something to list.

    The decisive fault is exact; besides the image's own faults, at most ``further`` are listed.
    ``whole`` keeps long chains complete.
    """
    root = graph.node(context.root, context)
    result = Walk(whole=whole, reported=_reported(context.root, root, whole=whole))
    queue: list[tuple[Node, int, Edge | None]] = [(root, -1, None)]
    seen = {id(root)}
    left = further
    for at, (node, _, _) in enumerate(queue):
        if left <= 0 or at > further * _FILES_FOR_ONE:
            break
        told = node.mapping or node.binding or node is root
        chain = _chain(context.root, queue, at) if told else ()
        left -= _note(result, node, chain, own=node is root)
        for edge, target in node.follow:
            if target.matters and id(target) not in seen:
                seen.add(id(target))
                queue.append((target, at, edge))
    return result


def every_step(context: Context, graph: Graph) -> list[Step]:
    """Return every import of the image and of all its dependencies, breadth first."""
    queue = [graph.node(context.root, context)]
    seen = {id(queue[0])}
    for node in queue:  # it grows
        new = [target for _, target in node.follow if id(target) not in seen]
        seen |= {id(target) for target in new}
        queue += new
    return [Step(importer=node.file, edge=edge) for node in queue for edge in node.edges]


def _note(result: Walk, node: Node, chain: tuple[str, ...], *, own: bool) -> int:
    """List a file's imports and faults; return the number of faults that count as further ones."""
    kinds = [(result.mapping, node.mapping), (result.binding, node.binding)]
    if own:
        kinds.append((result.delayed, node.delayed))
    for ours, theirs in kinds:
        for each in theirs:
            names = shortened((*chain, *each.chain), whole=result.whole)
            ours.append(replace(each, chain=names))
    result.steps += [Step(importer=node.file, edge=edge) for edge in node.edges]
    return 0 if own else node.troubles


def _chain(root: File, queue: list[tuple[Node, int, Edge | None]], at: int) -> tuple[str, ...]:
    names: list[str] = []
    _, parent, edge = queue[at]
    while edge is not None:
        names += reversed(edge.names)
        _, parent, edge = queue[parent]
    return (root.path, *reversed(names))


def _reported(root: File, node: Node, *, whole: bool) -> Problem | None:
    for kind in KINDS:
        if kind in node.near:
            return replace(
                node.near[kind].problem, chain=chain_of(root.path, node, kind, whole=whole)
            )
    return None
