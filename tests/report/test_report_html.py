from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from check_report import finding, full_report, module
from mlcbuild.errors import UsageError
from mlcbuild.page import of_check
from mlcbuild.report.result import Report, Target


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


def test_the_page_is_one_file_that_asks_for_nothing() -> None:
    page = _Page(of_check.render(full_report()))
    assert [link for link in page.links if not link.startswith("#")] == []
    assert not {"link", "iframe", "img"} & set(page.tags)


def test_the_page_says_verdict_findings_and_needs() -> None:
    page = _Page(of_check.render(full_report()))
    for words in ("FAILS", "missing-dll", "leaf.dll is not found", "bundle leaf.dll", "UNREADABLE"):
        assert words in page.words


def test_hostile_names_are_escaped() -> None:
    bad = finding(message="<script>alert(1)</script>")
    target = Target(
        name="<b>.whl", kind="wheel", modules=(module('x"><script>.dll'),), findings=(bad,)
    )
    page = _Page(of_check.render(Report(targets=(target,))))
    assert page.tags.count("script") == 2  # the graph's data and the page's own
    assert "b" not in page.tags
    assert "<script>alert(1)</script>" in page.words


def test_without_jinja2_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(UsageError, match=r"\[report\]"):
        of_check.render(full_report())


def test_the_drawing_is_well_formed_and_labelled() -> None:
    text = of_check.render(full_report())
    svg = ET.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])  # noqa: S314 - ours
    labels = {part.get("aria-label") or "" for part in svg.iter()}
    assert any(label.startswith("pkg/mid.dll") for label in labels)
    assert any(label.startswith("leaf.dll") and "missing" in label for label in labels)
