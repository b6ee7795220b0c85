from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from check_facts import loads, need
from check_report import finding, full_report, module, wheel_target
from mlcbuild.errors import UsageError
from mlcbuild.report import as_html
from mlcbuild.report.graph import layout
from mlcbuild.report.model import Report, Target


class _Page(HTMLParser):
    """Collects what a reader and a browser see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_page_is_one_file_without_scripts_or_links() -> None:
    page = _Page(as_html.render(full_report()))
    assert page.links == []
    assert not {"script", "link", "iframe", "img"} & set(page.tags)


def test_the_page_says_verdict_findings_and_needs() -> None:
    page = _Page(as_html.render(full_report()))
    for words in ("FAILS", "missing-dll", "leaf.dll is not found", "bundle leaf.dll", "UNREADABLE"):
        assert words in page.words


def test_hostile_names_are_escaped() -> None:
    bad = finding(message="<script>alert(1)</script>")
    target = Target(
        name="<b>.whl", kind="wheel", modules=(module('x"><script>.dll'),), findings=(bad,)
    )
    page = _Page(as_html.render(Report(targets=(target,))))
    assert "script" not in page.tags
    assert "<script>alert(1)</script>" in page.words


def test_without_jinja2_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(UsageError, match=r"mlcbuild\[report\]"):
        as_html.render(full_report())


def test_the_drawing_is_well_formed_and_labelled() -> None:
    text = as_html.render(full_report())
    svg = ET.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])  # noqa: S314 - ours
    assert svg.get("role") == "img"
    titles = [title.text for title in svg.iter("title")]
    assert "pkg/mid.dll needs leaf.dll" in titles


def test_the_graph_runs_from_importers_to_what_is_missing_and_leaves_windows_out() -> None:
    graph = layout(wheel_target())
    nodes = {node.name: node for node in graph.nodes}
    assert set(nodes) == {
        "pkg/user.dll",
        "pkg/mid.dll",
        "leaf.dll",
        "pkg/gpu.dll",
        "vulkan-1.dll",
    }
    assert nodes["pkg/user.dll"].x < nodes["pkg/mid.dll"].x < nodes["leaf.dll"].x
    assert nodes["leaf.dll"].state == "missing"
    assert graph.left_out == 1
    places = [(node.x, node.y) for node in graph.nodes]
    assert len(set(places)) == len(places)


def test_a_circle_of_imports_is_laid_out() -> None:
    a = module("a.dll", loads(need("b.dll", "dll-dir", "b.dll")))
    b = module("b.dll", loads(need("a.dll", "dll-dir", "a.dll")))
    graph = layout(Target(name="x", kind="folder", modules=(a, b)))
    assert {(edge.source, edge.target) for edge in graph.edges} == {
        ("a.dll", "b.dll"),
        ("b.dll", "a.dll"),
    }


def test_a_huge_package_draws_only_what_ails() -> None:
    healthy = [
        module(f"m{n}.dll", loads(need("base.dll", "dll-dir", "base.dll"))) for n in range(500)
    ]
    ill = module("ill.dll", loads(need("gone.dll", "missing")))
    graph = layout(Target(name="x", kind="folder", modules=(*healthy, module("base.dll"), ill)))
    assert {node.name for node in graph.nodes} == {"gone.dll", "ill.dll"}
    assert graph.left_out == 501
