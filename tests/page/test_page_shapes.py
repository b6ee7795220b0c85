from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mlcbuild.page.charts import charts_of, ticks
from mlcbuild.page.images import Graph, Link, Node, graph_of
from mlcbuild.page.layout import BOX, place
from mlcbuild.page.timeline import timeline_of
from mlcbuild.page.treemap import squarify, tiles_of


def need(name: str, origin: str, path: str | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "from": origin, "path": path, **more}


def module(path: str, *needs: dict[str, Any], **more: Any) -> dict[str, Any]:
    load = {"verdict": "loads", "winerror": None, "chain": [], "reason": ""}
    facts = {"machine": "x86_64", "toolset": "14.44", "crt": "dynamic"}
    return {"path": path, "load": load, "needs": list(needs), **facts, **more}


def target(*modules: dict[str, Any], name: str = "demo-1.0-py3-none-win_amd64.whl") -> Any:
    return {"name": name, "kind": "wheel", "modules": list(modules), "findings": []}


def named(graph: Graph) -> dict[str, Node]:
    return {node.label: node for node in graph.nodes}


def arrows(graph: Graph) -> set[tuple[str, str]]:
    label = [node.label for node in graph.nodes]
    return {(label[link.source], label[link.target]) for link in graph.links}


def test_the_graph_says_who_needs_whom_and_who_brings_it() -> None:
    graph = graph_of(
        [
            target(
                module(
                    "demo/a.pyd",
                    need("b.dll", "dll-dir", "demo/b.dll"),
                    need("python311.dll", "python-dir"),
                    need("KERNEL32.dll", "system"),
                    need("api-ms-win-crt-heap-l1-1-0.dll", "api-set"),
                    need("api-ms-win-crt-math-l1-1-0.dll", "api-set"),
                    need("vulkan-1.dll", "driver", delayed=True),
                    need("tvm_ffi.dll", "companion", provider="ffi-1-x.whl!tvm_ffi/tvm_ffi.dll"),
                    need("gone.dll", "missing", importer="demo/b.dll", direct=False),
                ),
                module("demo/b.dll", need("gone.dll", "missing")),
            )
        ]
    )
    nodes = named(graph)
    assert nodes["demo/a.pyd"].group == "demo 1.0"
    assert nodes["python311.dll"].group == "Python"
    assert nodes["KERNEL32.dll"].group == "Windows"
    assert nodes["vulkan-1.dll"].state == "driver"
    assert nodes["gone.dll"].group == "Missing"
    assert nodes["tvm_ffi/tvm_ffi.dll"].group == "ffi (installed with it)"
    assert len(nodes) == 8  # both API sets are one box
    assert ("demo/a.pyd", "demo/b.dll") in arrows(graph)
    assert ("demo/b.dll", "gone.dll") in arrows(graph)
    assert ("demo/a.pyd", "gone.dll") not in arrows(graph)
    assert sum(link.broken for link in graph.links) == 1
    assert [link.delayed for link in graph.links].count(True) == 1


def test_wheels_of_one_page_are_joined() -> None:
    ffi = target(module("tvm_ffi/tvm_ffi.dll"), name="ffi-1-py3-none-win_amd64.whl")
    provider = "ffi-1-py3-none-win_amd64.whl!tvm_ffi/tvm_ffi.dll"
    user = target(module("u/u.dll", need("tvm_ffi.dll", "companion", provider=provider)))
    graph = graph_of([user, ffi])
    assert arrows(graph) == {("u/u.dll", "tvm_ffi/tvm_ffi.dll")}
    assert {node.group for node in graph.nodes} == {"demo 1.0", "ffi 1"}


nodes_and_links = st.integers(1, 40).flatmap(
    lambda count: st.tuples(
        st.lists(st.sampled_from("abcd"), min_size=count, max_size=count),
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=60),
    )
)


@given(nodes_and_links)
def test_boxes_never_overlap_and_stay_in_their_frame(
    drawn: tuple[list[str], list[tuple[int, int]]],
) -> None:
    groups, pairs = drawn
    nodes = tuple(
        Node(key=str(i), label=f"{i}.dll", group=group, state="loads")
        for i, group in enumerate(groups)
    )
    links = tuple(Link(source=a, target=b, delayed=False, broken=False) for a, b in pairs)
    layout = place(Graph(nodes=nodes, links=links))
    frames = {block.name: block for block in layout.blocks}
    taken: list[tuple[int, int]] = []
    for node, spot in zip(nodes, layout.spots, strict=True):
        block = frames[node.group]
        assert block.x <= spot.x
        assert spot.x + BOX[0] <= block.x + block.width
        assert block.y <= spot.y
        assert spot.y + BOX[1] <= block.y + block.height <= layout.height
        for x, y in taken:
            assert abs(x - spot.x) >= BOX[0] or abs(y - spot.y) >= BOX[1]
        taken.append((spot.x, spot.y))
    blocks = layout.blocks
    for number, one in enumerate(blocks):
        for other in blocks[:number]:
            apart = one.x >= other.x + other.width or other.x >= one.x + one.width
            assert apart or one.y >= other.y + other.height or other.y >= one.y + one.height


def test_importers_are_left_of_what_they_need_and_a_long_chain_is_no_problem() -> None:
    count = 3000
    nodes = tuple(Node(key=str(i), label=f"{i}", group="g", state="loads") for i in range(count))
    links = tuple(
        Link(source=i, target=i + 1, delayed=False, broken=False) for i in range(count - 1)
    )
    spots = place(Graph(nodes=nodes, links=links)).spots
    assert [(s.x, s.y) for s in spots] == sorted((s.x, s.y) for s in spots)


@given(
    st.lists(st.integers(0, 10**12), min_size=1, max_size=60).map(
        lambda v: sorted(v, reverse=True)
    ),
    st.floats(10, 2000),
    st.floats(10, 2000),
)
@example([13832432655, 13832432655, 2], 144.0, 144.0)
@example([31012109754, 2], 11.0, 1634.0)
def test_a_treemap_has_areas_in_proportion_and_fills_its_frame(
    sizes: list[int], width: float, height: float
) -> None:
    boxes = squarify(sizes, 0, 0, width, height)
    total = sum(sizes)
    for size, (x, y, wide, high) in zip(sizes, boxes, strict=True):
        assert x >= -1e-6
        assert y >= -1e-6
        assert x + wide <= width * (1 + 1e-6)
        assert y + high <= height * (1 + 1e-6)
        if total > 0:
            assert wide * high == pytest.approx(size / total * width * height, rel=1e-6, abs=1e-3)


def test_a_treemap_of_equal_squares() -> None:
    assert squarify([1, 1, 1, 1], 0, 0, 10, 10) == [
        (0, 0, 5, 5),
        (0, 5, 5, 5),
        (5, 0, 5, 5),
        (5, 5, 5, 5),
    ]


def test_small_files_are_one_tile_a_folder() -> None:
    sizes = {"a/big.dll": 10**6, "top.py": 5000, **{f"a/{i}.py": 10 for i in range(50)}, "e": 0}
    tiles = {tile.path: tile for tile in tiles_of(sizes, 100, 100)}
    assert set(tiles) == {"a/big.dll", "top.py", "a/ (small files)"}
    assert tiles["a/ (small files)"].size == 500
    assert {tile.kind for tile in tiles.values()} == {"native", "python", "data"}
    assert tiles_of({}, 100, 100) == []


def test_the_timeline_is_in_order_of_versions_and_not_of_letters() -> None:
    found = timeline_of(
        [
            target(
                module("a", toolset="14.51"),
                module("b", toolset="14.9"),
                module("c", toolset=None, crt="msvcrt"),
                module("d", toolset="14.29", crt="static"),
                module("e", toolset="14.29"),
            )
        ]
    )
    assert [(t.version, t.count) for t in found] == [
        ("14.9", 1),
        ("14.29", 2),
        ("14.51", 1),
        (None, 1),
    ]
    assert [t.studio for t in found[:3]] == ["VS 2015", "VS 2019", "VS 2026"]
    assert found[1].crts == (("dynamic", 1), ("static", 1))


@given(st.floats(1e-9, 1e12))
def test_ticks_are_few_round_and_reach_the_top(top: float) -> None:
    found = ticks(top)
    assert found[0] == 0
    assert found[-1] >= top * (1 - 1e-9)
    assert 3 <= len(found) <= 8


def test_a_run_without_successes_has_bars_and_no_curves() -> None:
    run = {
        "load": {"rate": None, "concurrency": 8},
        "latency_s": None,
        "timeline": [{"at_s": 0, "successes": 0, "failures": 20}],
    }
    (chart,) = charts_of([run])
    (line,) = chart.lines
    assert [mark.kind for mark in line.marks] == ["failures"]
