"""Fill the templates: one file with inline style and script, and a policy that bans requests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from mlcbuild import __version__
from mlcbuild.doctor.as_page import COPY_SCRIPT
from mlcbuild.errors import InputError, UsageError
from mlcbuild.extras import install_extra
from mlcbuild.foreign import visible
from mlcbuild.page.causes import causes_of
from mlcbuild.page.charts import HEIGHT, WIDTH, charts_of
from mlcbuild.page.compare import differences, failed_of, label_of, rows_of
from mlcbuild.page.images import Graph, graph_of, trouble_of
from mlcbuild.page.layout import BOX, Layout, curve, place
from mlcbuild.page.timeline import timeline_of
from mlcbuild.page.treemap import tiles_of
from mlcbuild.page.verdict import verdict_of
from mlcbuild.rules.finding import Finding

if TYPE_CHECKING:
    from mlcbuild.page.read import Section

#: The shape that treemaps are made for; a page stretches them.
_MAP: Final = (1100, 420)
#: Above this many boxes, DLLs of Windows and Python are only drawn on request.
_MANY: Final = 60
_WORST: Final = ("fails", "may-fail", "loads")
_STATUS: Final = ("fail", "crash", "warn", "ok", "skip")


def render(sections: Sequence[Section]) -> str:
    """Return the page as ASCII, with character references for the rest.

    Raises ``UsageError`` if jinja2 is not installed (it is the extra ``report``), ``InputError``
    for a result without a field that its schema requires.
    """
    try:
        from jinja2 import Environment, FunctionLoader, TemplateError  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError("the report needs jinja2", remedy=install_extra("report")) from error
    # File names are untrusted: everything is escaped.
    environment = Environment(
        autoescape=True,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(_source),
    )
    template = environment.get_template("page.html")
    benches = [section for section in sections if section.kind == "bench"]
    if len(benches) > 1:  # side by side, after all else
        sections = [section for section in sections if section.kind != "bench"] + benches
    tops: dict[str, float] = {}
    try:
        for section in benches:
            charts_of(section.table["runs"], tops)  # their scales, before one is drawn
        page = template.render(
            version=__version__,
            title=", ".join(section.title for section in sections),
            copy_script=COPY_SCRIPT,
            compared=_compared(benches),
            sections=[
                {
                    "kind": section.kind,
                    "title": section.title,
                    "verdict": verdict_of(section),
                    **_facts(section, tops),
                }
                for section in sections
            ],
        )
    except (LookupError, TypeError, ValueError, AttributeError, TemplateError) as error:
        read = [section.title for section in sections if not section.files]
        if not read:
            raise
        raise InputError(
            f"{' or '.join(read)} was not written by mlcbuild ({type(error).__name__}: {error})",
            remedy="write it again with this mlcbuild",
        ) from error
    return page.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _visible(value: object) -> object:
    """Make plain text visible; existing markup was made here."""
    return visible(value) if type(value) is str else value


def _source(name: str) -> str:
    return files("mlcbuild.page").joinpath(f"templates/{name}").read_text(encoding="utf-8")


def _compared(benches: Sequence[Section]) -> dict[str, Any]:
    """Return several load tests side by side; nothing of one."""
    tables = [section.table for section in benches]
    if len(tables) < 2:  # noqa: PLR2004 - a pair
        return {}
    return {
        "titles": [section.title for section in benches],
        "rows": rows_of(tables),
        "differences": differences(tables),
    }


def _facts(section: Section, tops: dict[str, float]) -> dict[str, Any]:
    if section.kind == "check":
        return _check(section)
    if section.kind == "doctor":
        checks = section.table["checks"]
        return {"checks": sorted(checks, key=lambda check: _STATUS.index(check["status"]))}
    runs = section.table["runs"]
    return {
        "bench": section.table,
        "failed": failed_of(runs),
        "loads": [label_of(run["load"]) for run in runs],
        "charts": charts_of(runs, tops),
        "chart_size": (WIDTH, HEIGHT),
    }


def _check(section: Section) -> dict[str, Any]:
    targets = section.table["targets"]
    graph = graph_of(targets, section.files)
    modules = [module for target in targets for module in target["modules"]]
    timeline = timeline_of(targets)
    return {
        "targets": targets,
        "causes": causes_of(
            Finding(**finding) for target in targets for finding in target["findings"]
        ),
        "graph": graph,
        "views": _views(graph),
        "box": BOX,
        "show_provided": len(graph.nodes) <= _MANY,
        "data": _data(graph),
        "timeline": timeline,
        "most": max((toolset.count for toolset in timeline), default=0),
        "maps": [
            {"name": target["name"], "tiles": tiles_of(known.sizes, *_MAP), "files": known.sizes}
            for target, known in zip(targets, section.files, strict=False)
            if len(known.sizes) > 1
        ],
        "map_size": _MAP,
        "modules": sorted(modules, key=lambda m: _WORST.index(m["load"]["verdict"])),
    }


def _views(graph: Graph) -> list[dict[str, Any]]:
    """Return the pictures of the graph: only its faults, if there are any, and all of it."""
    few, kept = trouble_of(graph)
    every = tuple(range(len(graph.nodes)))
    views = []
    if 0 < len(kept) < len(every):
        views = [_view("trouble", few, kept), _view("trouble tall", few, kept, tall=True)]
    return [*views, _view("all", graph, every)]


def _view(name: str, graph: Graph, indices: Sequence[int], *, tall: bool = False) -> dict[str, Any]:
    layout = place(graph, tall=tall)
    boxes = list(zip(indices, graph.nodes, layout.spots, strict=True))
    return {"name": name, "layout": layout, "edges": _edges(graph, layout), "boxes": boxes}


def _edges(graph: Graph, layout: Layout) -> dict[str, str]:
    """Return all arrows of a kind as one path, which a browser draws faster than thousands."""
    paths: dict[str, list[str]] = {"inner": [], "late": [], "provided": [], "broken": []}
    for link in graph.links:
        provided = graph.nodes[link.target].state == "provided"
        kind = "provided" if provided else "late" if link.delayed else "inner"
        paths["broken" if link.broken else kind].append(
            curve(layout.spots[link.source], layout.spots[link.target])
        )
    return {kind: "".join(curves) for kind, curves in paths.items()}


def _data(graph: Graph) -> str:
    """Return the script's data as JSON that cannot close its element."""
    table = {
        "nodes": [
            {
                "name": visible(node.label),
                "group": visible(node.group),
                "state": node.state,
                "lines": [visible(line) for line in node.lines],
            }
            for node in graph.nodes
        ],
        "links": [[link.source, link.target, int(link.delayed)] for link in graph.links],
    }
    return json.dumps(table, separators=(",", ":")).replace("<", "\\u003c").replace("&", "\\u0026")
