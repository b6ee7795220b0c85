"""Box positions: one block per distribution, importers left of imports, system DLLs on the right.

Within a block names are sorted in columns. The layout is static and reproducible, so that two pages
can be compared.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlcbuild.page.images import OUTSIDE, Graph, Link, Node

#: Width and height of a box.
BOX: Final = (190, 24)
_STEP: Final = (200, 30)
_PAD: Final = 12
_HEAD: Final = 24
_GAP: Final = 48
#: The common suffix of extensions of one Python; tooltip and panel have the full name.
_TAG: Final = re.compile(r"\.(cp|pp)\d[\w.]*-\w+\.pyd$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """The upper left corner of a node's box, and its shortened name."""

    x: int
    y: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """The frame around the boxes of one group."""

    name: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Spots in the order of the graph's nodes; all in pixels at 100 %."""

    spots: tuple[Spot, ...]
    blocks: tuple[Block, ...]
    width: int
    height: int


def place(graph: Graph, *, tall: bool = False) -> Layout:
    """Lay out a graph; ``tall`` for a telephone, all in one column."""
    groups: dict[str, list[int]] = {}
    for index, node in enumerate(graph.nodes):
        groups.setdefault(node.group, []).append(index)
    depth = _depths(len(graph.nodes), graph.links)
    shapes = {
        name: (1, len(members)) if tall else _shape(len(members))
        for name, members in groups.items()
    }
    order = sorted(groups, key=lambda name: _rank(name, groups[name], graph, depth))
    area = sum((_size(shape)[0] + _GAP) * (_size(shape)[1] + _GAP) for shape in shapes.values())
    tallest = max((_size(shape)[1] for shape in shapes.values()), default=0)
    limit = max(tallest, math.isqrt(int(area * 0.7)))
    spots: dict[int, Spot] = {}
    blocks = []
    x = y = _PAD
    widest = bottom = right = 0
    was_outside = False
    for name in order:
        width, height = _size(shapes[name])
        outside = name in OUTSIDE or graph.nodes[groups[name][0]].state == "beside"
        if not tall and y > _PAD and (y + height > limit + _PAD or outside != was_outside):
            x, y, widest = x + widest + _GAP, _PAD, 0
        was_outside = outside
        blocks.append(Block(name=name, x=x, y=y, width=width, height=height))
        members = sorted(groups[name], key=lambda i: (depth[i], graph.nodes[i].label.casefold()))
        for number, index in enumerate(members):
            column, row = divmod(number, shapes[name][1])
            spots[index] = Spot(
                x=x + _PAD + column * _STEP[0],
                y=y + _HEAD + row * _STEP[1],
                text=_fit(graph.nodes[index]),
            )
        y += height + _GAP // 2
        widest = max(widest, width)
        right, bottom = max(right, x + width), max(bottom, y)
    return Layout(
        spots=tuple(spots[index] for index in range(len(graph.nodes))),
        blocks=tuple(blocks),
        width=right + _PAD,
        height=bottom + _PAD,
    )


def _shape(count: int) -> tuple[int, int]:
    """Return columns and rows: one column up to ten boxes, then about square."""
    rows = min(count, max(10, math.ceil(math.sqrt(count * 6))))
    return math.ceil(count / rows), rows


def _size(shape: tuple[int, int]) -> tuple[int, int]:
    columns, rows = shape
    return (
        2 * _PAD + columns * _STEP[0] - (_STEP[0] - BOX[0]),
        _HEAD + rows * _STEP[1] + _PAD // 2,
    )


def _depths(count: int, links: Sequence[Link]) -> list[int]:
    """Return each node's longest distance from a node without importers; cycles are cut."""
    users: list[list[int]] = [[] for _ in range(count)]
    for link in links:
        users[link.target].append(link.source)
    depth = [-1] * count
    for start in range(count):
        # Depth first with an explicit stack: a chain may exceed Python's recursion limit.
        path = [(start, iter(users[start]))] if depth[start] < 0 else []
        open_ones = {start}
        best = {start: 0}
        while path:
            node, rest = path[-1]
            for user in rest:
                if depth[user] >= 0:
                    best[node] = max(best[node], depth[user] + 1)
                elif user not in open_ones:
                    open_ones.add(user)
                    best[user] = 0
                    path.append((user, iter(users[user])))
                    break
            else:
                path.pop()
                depth[node] = best[node]
                if path:
                    above = path[-1][0]
                    best[above] = max(best[above], depth[node] + 1)
    return depth


def _rank(
    name: str, members: Sequence[int], graph: Graph, depth: Sequence[int]
) -> tuple[int, float, str]:
    """Order groups: the package's by depth, then those installed with it, then system DLLs."""
    if name in OUTSIDE:
        return 2 + OUTSIDE.index(name), 0.0, name
    beside = graph.nodes[members[0]].state == "beside"
    return int(beside), sum(depth[i] for i in members) / len(members), name.casefold()


def _fit(node: Node, at_most: int = 24) -> str:
    """Return the base name, shortened in the middle: names differ at both ends."""
    base = node.label if node.state == "provided" else node.label.rpartition("/")[2]
    base = _TAG.sub(".pyd", base)
    if len(base) <= at_most:
        return base
    half = (at_most - 1) // 2
    return f"{base[:half]}\N{HORIZONTAL ELLIPSIS}{base[-half:]}"


def curve(source: Spot, target: Spot) -> str:
    """Return an arrow's SVG path, between the facing sides of two boxes."""
    x1, x2, way = source.x + BOX[0], target.x, 1
    if target.x < source.x:
        x1, x2, way = source.x, target.x + BOX[0], -1
    bend = max(abs(x2 - x1) // 2, 24)
    c1, c2 = x1 + way * bend, x2 - way * bend
    if target.x == source.x:  # same column: around the left side
        x1 = x2 = source.x
        c1 = c2 = x1 - 24
    y1, y2 = source.y + BOX[1] // 2, target.y + BOX[1] // 2
    return f"M{x1} {y1}C{c1} {y1} {c2} {y2} {x2} {y2}"
