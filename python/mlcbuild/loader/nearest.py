"""The nearest faults of every file of a graph, computed once for all files that share them.

A load follows thousands of imports, and each image of a package is loaded: following them again
for each image would be quadratic. Instead, each file gets from its dependencies how far away the
nearest fault of each kind is, and through which import. The result is that of a breadth-first
search from the file: the fewest steps, then the order of the imports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from mlcbuild.loader.node import KINDS, Kind, Near, Node

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Problem

#: Names of one chain that are kept where a package has more of them than fit (``World``).
CHAIN_LIMIT: Final = 64
#: Of these, how many are of the chain's begin; the others are its end.
_HEAD: Final = 48


def mark(nodes: Sequence[Node], matters: Callable[[Node], bool]) -> None:
    """Compute ``Node.near`` and ``Node.matters`` of new nodes.

    Their dependencies must be among them or already marked. ``matters`` tells for a node whether
    a search must visit it.
    """
    importers: dict[int, list[Node]] = {}
    new = {id(node) for node in nodes}
    for node in nodes:
        for _, target in node.follow:
            if id(target) in new:
                importers.setdefault(id(target), []).append(node)
    for kind in KINDS:
        _mark_kind(kind, nodes, importers)
    waiting = [n for n in nodes if matters(n) or any(t.matters for _, t in n.follow)]
    for node in waiting:
        node.matters = True
    while waiting:
        for importer in importers.get(id(waiting.pop()), ()):
            if not importer.matters:
                importer.matters = True
                waiting.append(importer)


def _mark_kind(kind: Kind, nodes: Sequence[Node], importers: dict[int, list[Node]]) -> None:
    """Propagate from the faults to the importers, the nearest first."""
    distance: dict[int, int] = {}
    buckets: dict[int, list[Node]] = {}
    for node in nodes:
        problem = _own(node, kind)
        known = [t.near[kind].steps + 1 for _, t in node.follow if kind in t.near]
        if problem is not None:
            node.near[kind] = Near(steps=0, by=None, holder=node, problem=problem)
        if problem is not None or known:
            steps = 0 if problem is not None else min(known)
            distance[id(node)] = steps
            buckets.setdefault(steps, []).append(node)
    steps = 0
    while buckets:
        steps = min(buckets) if steps not in buckets else steps
        for node in buckets.pop(steps):
            if distance[id(node)] != steps:
                continue  # found on a shorter way since
            if kind not in node.near:
                _step(node, kind, steps)
            for importer in importers.get(id(node), ()):
                if steps + 1 < distance.get(id(importer), steps + 2):
                    distance[id(importer)] = steps + 1
                    buckets.setdefault(steps + 1, []).append(importer)
        steps += 1


def _step(node: Node, kind: Kind, steps: int) -> None:
    """Choose the first import, in order, that leads to a fault in that number of steps."""
    for edge, target in node.follow:
        near = target.near.get(kind)
        if near is not None and near.steps == steps - 1:
            node.near[kind] = Near(
                steps=steps, by=(edge, target), holder=near.holder, problem=near.problem
            )
            return


def _own(node: Node, kind: Kind) -> Problem | None:
    problems: Iterable[Problem] = node.mapping if kind.endswith("mapping") else node.binding
    if not kind.startswith("doubtful"):
        problems = (problem for problem in problems if problem.certain)
    return next(iter(problems), None)


def chain_of(root: str, node: Node, kind: Kind, *, whole: bool) -> tuple[str, ...]:
    """Return the names from an image (``root``, its path) to its nearest fault."""
    near = node.near[kind]
    names = [root]
    at = near
    while at.by is not None and (whole or len(names) < _HEAD or at.steps == 1):
        edge, target = at.by
        names += edge.names
        at = target.near[kind]
    if at.by is not None:
        names += [f"... {at.steps - 1} more", near.holder.name]
    return shortened((*names, *near.problem.chain), whole=whole)


def shortened(names: tuple[str, ...], *, whole: bool) -> tuple[str, ...]:
    """Return a chain, without its middle if it exceeds ``CHAIN_LIMIT`` and is not kept complete."""
    if whole or len(names) <= CHAIN_LIMIT:
        return names
    tail = CHAIN_LIMIT - _HEAD - 1
    return (*names[:_HEAD], f"... {len(names) - CHAIN_LIMIT + 1} more", *names[-tail:])
