"""The dependency graph of a target, laid out in layers: importers left, what they need right.

Every image of the package is a node, and so is everything outside it that matters to a reader:
what is missing, what a driver or a companion brings. What Windows and Python provide is left out;
hundreds of arrows to kernel32 hide the one that is broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.loader.model import Need
    from mlcbuild.report.model import Module, Target

__all__ = ["Edge", "Graph", "Node", "layout"]

_PROVIDED: Final = frozenset({"system", "api-set", "python-dir"})
#: Beyond this many nodes a drawing explains nothing: then only what is in trouble is drawn.
_DRAWABLE: Final = 60
_RANK: Final = {"missing": 0, "fails": 1, "driver": 2, "may-fail": 3}

BOX_WIDTH: Final = 230
BOX_HEIGHT: Final = 30
_COLUMN: Final = 310
_ROW: Final = 44
_MARGIN: Final = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One box.

    ``state`` is a verdict, or ``missing``, ``driver`` or ``beside`` for what is outside.
    """

    name: str
    label: str
    state: str
    x: int
    y: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """One arrow, as the path of an SVG curve."""

    source: str
    target: str
    curve: str
    broken: bool
    delayed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Graph:
    """A laid-out graph in pixels. ``left_out`` images are not drawn since nothing ails them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    width: int
    height: int
    left_out: int = 0


def layout(target: Target) -> Graph:
    """Return the graph of a target; no nodes where nothing in it needs anything of note."""
    states: dict[str, str] = {module.path: module.load.verdict for module in target.modules}
    links: dict[tuple[str, str], bool] = {}
    for module in target.modules:
        for need in _shown(module):
            name = need.path or need.name.casefold()
            states.setdefault(name, _outside(need))
            links[module.path, name] = links.get((module.path, name), True) and need.delayed
    linked = {name for link in links for name in link}
    keep = {name for name in states if name in linked}
    left_out = len(target.modules) - sum(module.path in keep for module in target.modules)
    if len(keep) > _DRAWABLE:
        bad = {name for name in keep if states[name] not in {"loads", "beside"}}
        near = {source for source, target in links if target in bad}
        ranked = sorted(bad | near, key=lambda name: (_RANK.get(states[name], 9), name))
        keep = set(ranked[:_DRAWABLE])
        left_out = len(target.modules) - sum(module.path in keep for module in target.modules)
    links = {link: late for link, late in links.items() if keep.issuperset(link)}
    return _place(keep, links, states, left_out)


def _shown(module: Module) -> list[Need]:
    return [need for need in module.load.needs if need.direct and need.origin not in _PROVIDED]


def _outside(need: Need) -> str:
    return need.origin if need.origin in {"missing", "driver"} else "beside"


def _layers(names: set[str], links: dict[tuple[str, str], bool]) -> dict[str, int]:
    """Return each node's column: the longest way from a node that nobody needs; cycles are cut."""
    users: dict[str, list[str]] = {name: [] for name in names}
    for source, target in links:
        users[target].append(source)
    column: dict[str, int] = {}

    def place(name: str, above: frozenset[str]) -> int:
        if name not in column:
            sources = [user for user in users[name] if user not in above and user != name]
            deepest = max((place(user, above | {name}) for user in sources), default=-1)
            column[name] = deepest + 1
        return column[name]

    for name in sorted(names):
        place(name, frozenset())
    return column


def _place(
    names: set[str],
    links: dict[tuple[str, str], bool],
    states: dict[str, str],
    left_out: int,
) -> Graph:
    column = _layers(names, links)
    columns: list[list[str]] = [[] for _ in range(max(column.values(), default=-1) + 1)]
    for name in sorted(names):
        columns[column[name]].append(name)
    row: dict[str, float] = {}
    for members in columns:
        # Next to its users' mean height, a box has the shortest and least crossed arrows.
        members.sort(
            key=lambda name: (
                _mean([row[s] for s, t in links if t == name and s in row]),
                name,
            )
        )
        row.update({name: index for index, name in enumerate(members)})
    nodes = {
        name: Node(
            name=name,
            label=_label(name),
            state=states[name],
            x=_MARGIN + column[name] * _COLUMN,
            y=_MARGIN + int(row[name]) * _ROW,
        )
        for name in sorted(names)
    }
    edges = [
        Edge(
            source=source,
            target=target,
            curve=_curve(nodes[source], nodes[target]),
            broken=states[target] in {"missing", "fails"},
            delayed=delayed,
        )
        for (source, target), delayed in sorted(links.items())
    ]
    tallest = max((len(members) for members in columns), default=0)
    return Graph(
        nodes=tuple(nodes.values()),
        edges=tuple(edges),
        width=2 * _MARGIN + max(len(columns) - 1, 0) * _COLUMN + BOX_WIDTH,
        height=2 * _MARGIN + max(tallest - 1, 0) * _ROW + BOX_HEIGHT,
        left_out=left_out,
    )


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _label(name: str, at_most: int = 28) -> str:
    """Return the base name, shortened in the middle: both ends tell names apart."""
    base = name.rpartition("/")[2]
    if len(base) <= at_most:
        return base
    half = (at_most - 3) // 2
    return f"{base[:half]}...{base[-half:]}"


def _curve(source: Node, target: Node) -> str:
    half = BOX_HEIGHT // 2
    x1, y1 = source.x + BOX_WIDTH, source.y + half
    x2, y2 = target.x, target.y + half
    if x2 <= source.x:  # a cycle: back to an earlier column, round the left side
        x1, y1 = source.x, source.y + half
        x2 = target.x + BOX_WIDTH
    bend = max(abs(x2 - x1) // 2, 20)
    sign = 1 if x2 > x1 else -1
    return f"M{x1} {y1} C{x1 + sign * bend} {y1} {x2 - sign * bend} {y2} {x2} {y2}"
