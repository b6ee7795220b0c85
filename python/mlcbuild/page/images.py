"""The dependency graph of every image.

What each needs, from which wheel, and what Windows provides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from mlcbuild.page.read import Files, owner_of_path

#: Groups of DLLs outside the package, in layout order.
OUTSIDE: Final = ("Missing", "Graphics driver", "Python", "Windows")
_TROUBLE: Final = frozenset({"fails", "may-fail", "missing"})
_API_SETS: Final = "API sets (api-ms-win-*)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One box. ``state`` is a verdict, or ``missing``, ``driver``, ``beside`` or ``provided``."""

    key: str
    label: str
    group: str
    state: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """``source`` needs ``target``, both indices of nodes; ``broken`` where it is missing."""

    source: int
    target: int
    delayed: bool
    broken: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Graph:
    """Nodes and links, in a stable order."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]


def graph_of(targets: Sequence[dict[str, Any]], files: Sequence[Files] = ()) -> Graph:
    """Return the graph of all targets together, from the JSON tables of a check."""
    nodes: dict[str, Node] = {}
    named: dict[str, str] = {}
    modules: list[tuple[str, dict[str, Any], str]] = []
    for number, target in enumerate(targets):
        known = files[number] if number < len(files) else Files()
        for module in target["modules"]:
            key = f"{number}:{module['path']}"
            nodes[key] = _image(key, module, owner_of_path(module["path"], target, known), known)
            modules.append((key, module, f"{number}:"))
            named[f"{_base(target['name'])}!{module['path']}"] = key
    links: dict[tuple[str, str], bool] = {}
    for key, module, prefix in modules:
        for need in module["needs"]:
            source = key
            if not need.get("direct", True):
                source = _importer(need, prefix, nodes)
                if need["from"] not in {"missing", "driver"} or not source:
                    continue
            target_key = _wanted(need, prefix, nodes, named)
            if target_key != source:
                link = (source, target_key)
                links[link] = links.get(link, True) and bool(need.get("delayed"))
    index = {key: number for number, key in enumerate(nodes)}
    return Graph(
        nodes=tuple(nodes.values()),
        links=tuple(
            Link(
                source=index[source],
                target=index[target],
                delayed=delayed,
                broken=nodes[target].state in {"missing", "fails"},
            )
            for (source, target), delayed in sorted(links.items())
        ),
    )


def trouble_of(graph: Graph) -> tuple[Graph, tuple[int, ...]]:
    """Return the part that does not load or is missing, and each node's index in the full graph."""
    kept = [number for number, node in enumerate(graph.nodes) if node.state in _TROUBLE]
    at = {number: place for place, number in enumerate(kept)}
    links = tuple(
        replace(link, source=at[link.source], target=at[link.target])
        for link in graph.links
        if link.source in at and link.target in at
    )
    return Graph(nodes=tuple(graph.nodes[number] for number in kept), links=links), tuple(kept)


def _base(name: str) -> str:
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _image(key: str, module: dict[str, Any], owner: str, files: Files) -> Node:
    load = module["load"]
    built = f"toolset {module['toolset']}" if module["toolset"] else "no MSVC toolset"
    lines = [f"{module['machine']}, {built}, C runtime: {module['crt']}"]
    if size := files.sizes.get(module["path"]):
        lines.append(f"{size:,} bytes")
    if load["winerror"]:
        lines.append(f"WinError {load['winerror']}: {load['reason']}")
    if len(load["chain"]) > 1:
        lines.append(" \N{RIGHTWARDS ARROW} ".join(load["chain"]))
    return Node(
        key=key,
        label=module["path"],
        group=owner,
        state=load["verdict"],
        lines=tuple(lines),
    )


def _importer(need: dict[str, Any], prefix: str, nodes: dict[str, Node]) -> str:
    """Return the node that imports an indirect need, empty where it is not drawn."""
    importer = str(need.get("importer", ""))
    for key in (prefix + importer, importer.casefold()):
        if key in nodes:
            return key
    return ""


def _wanted(
    need: dict[str, Any], prefix: str, nodes: dict[str, Node], named: dict[str, str]
) -> str:
    """Return the key of a needed DLL; create a node where it is outside the targets."""
    if need["path"] and prefix + need["path"] in nodes:
        return prefix + str(need["path"])
    provider = need.get("provider") or ""
    if provider in named:
        return named[provider]
    key, node = _outside(need, provider)
    nodes.setdefault(key, node)
    return key


def _outside(need: dict[str, Any], provider: str) -> tuple[str, Node]:
    name, origin = str(need["name"]), need["from"]
    key = name.casefold()
    lines = [provider] if provider else []
    if origin == "missing":
        group, state = "Missing", "missing"
    elif origin == "driver":
        group, state = "Graphics driver", "driver"
    elif origin in {"system", "api-set"}:
        group, state = "Windows", "provided"
        if origin == "api-set":
            key, name = "api-set", _API_SETS
            lines = ["names that Windows maps to its own DLLs, such as the universal C runtime"]
    elif origin == "python-dir":
        group, state = "Python", "provided"
    else:
        wheel, mark, inside = provider.partition("!")
        distribution = "-".join(_base(wheel).split("-")[:1]) if mark else "Installed with it"
        group, state = f"{distribution} (installed with it)" if mark else distribution, "beside"
        key = provider or key
        name = inside or name
    return key, Node(key=key, label=name, group=group, state=state, lines=tuple(lines))
