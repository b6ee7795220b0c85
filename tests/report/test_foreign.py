"""Text from strangers moves no cursor, makes no markup and no link, in whatever form it leaves."""

from __future__ import annotations

import functools
import html.parser
import json
import logging
import re
import sys
from typing import TYPE_CHECKING

from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from mlcbuild.foreign import (
    markdown_block,
    markdown_code,
    markdown_text,
    one_line,
    sarif_text,
    visible,
)
from mlcbuild.loader.outcome import Load
from mlcbuild.logfile import CHILDREN, kept
from mlcbuild.redaction import hide
from mlcbuild.report import render
from mlcbuild.report.result import Module, Report, Target
from mlcbuild.rules.finding import Finding
from mlcbuild.streams import inert, styled

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from markdown_it.token import Token

MARKS = "`*_[]()<>#|\\~&!:/.@$-+=\"' \n\t\r\x1b\u202e\x9b\x00aw1"
TEXT = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=MARKS, max_size=40),
    st.lists(
        st.sampled_from(
            [
                *("`", "``", "|", "\\", "<script>", "[x](http://evil.example)", "www.evil.com"),
                *("a@b.co", "https://evil.com", "<!--", "</code>", "&lt;", "![", "evil.com"),
                *("//evil.com", "~~", "x", " ", "\n", "\x1b]8;;http://e\x1b\\", "$x$", "1."),
                *("# ", "- ", "---", "{{"),
            ],
        ),
        max_size=8,
    ).map("".join),
)
#: What our own words are made of; anything else in the output came from the text.
PLAIN = {"text", "text_special", "softbreak"}
PARSERS = [
    MarkdownIt("commonmark"),
    MarkdownIt("gfm-like"),
    MarkdownIt("gfm-like", {"typographer": True}).enable(["replacements", "smartquotes"]),
]


def flat(tokens: list[Token]) -> list[Token]:
    return [each for token in tokens for each in (token, *flat(token.children or []))]


@given(TEXT)
@example("`")
@example("|`|``\\")
def test_a_code_span_holds_the_text_and_nothing_else(text: str) -> None:
    for parser in PARSERS:
        tokens = flat(parser.parse(f"before {markdown_code(text)} after"))
        (code,) = (token for token in tokens if token.type == "code_inline")
        assert code.content.strip() == one_line(text).strip()
        assert {token.type for token in tokens} <= PLAIN | {
            *("code_inline", "inline", "paragraph_open", "paragraph_close")
        }


@given(TEXT)
@example("https://evil.com/x y@z.com www.x.org evil.com")
@example("1. a")
@example("---")
@example("a@b.com")
def test_text_is_a_paragraph_of_text(text: str) -> None:
    for parser in PARSERS:
        tokens = flat(parser.parse(markdown_text(text)))
        allowed = PLAIN | {"code_inline", "inline", "paragraph_open", "paragraph_close"}
        assert {token.type for token in tokens} <= allowed
        said = "".join(token.content for token in tokens if token.type in PLAIN | {"code_inline"})
        assert said.split() == one_line(text.replace("\n", " ")).split() or parser is PARSERS[2]


@given(TEXT, TEXT)
def test_a_row_of_a_table_keeps_its_cells(one: str, two: str) -> None:
    row = f"| {markdown_code(one, cell=True)} | {markdown_text(two, cell=True)} | end |"
    tokens = flat(PARSERS[1].parse(f"| a | b | c |\n| --- | --- | --- |\n{row}\n"))
    cells = [i for i, token in enumerate(tokens) if token.type == "td_open"]
    assert len(cells) == 3
    assert tokens[cells[2] + 1].content == "end"
    assert not {token.type for token in tokens} & {"html_inline", "link_open", "html_block"}


@given(st.lists(TEXT, max_size=4))
def test_a_fenced_block_ends_where_we_end_it(lines: list[str]) -> None:
    tokens = PARSERS[0].parse("\n".join([*markdown_block(lines), "after"]))
    assert [token.type for token in tokens][:2] == ["fence", "paragraph_open"]
    assert tokens[0].content == "".join(f"{one_line(line)}\n" for line in lines)


@given(TEXT)
def test_visible_text_moves_no_cursor(text: str) -> None:
    assert all(c.isprintable() or c in "\n\t" for c in visible(text))
    assert one_line(text).isprintable()
    assert visible(visible(text)) == visible(text)


@given(st.text(alphabet="[]()\\ahttp:/", max_size=30))
def test_a_sarif_message_has_no_link(text: str) -> None:
    unescaped = re.sub(r"\\[\\\[\]]", "", sarif_text(text))
    assert not {"[", "]"} & set(unescaped)


class Elements(html.parser.HTMLParser):
    """Counts the elements of a page, and keeps the addresses in it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src"}]


def report_of(text: str) -> Report:
    load = Load(verdict="fails", winerror=126, chain=(text, f"x{text}"), reason=text, needs=())
    module = Module(path=text, machine="x86_64", toolset=None, crt="none", load=load)
    finding = Finding(
        rule="missing-dll", severity="error", module=text, message=text, evidence={}, fix=text
    )
    return Report(
        targets=(
            Target(name=text, kind="wheel", modules=(module,), findings=(finding,)),
            Target(name=text, kind="wheel", error=text or "unreadable", remedy=text),
        )
    )


def elements(page: str) -> Elements:
    parser = Elements()
    parser.feed(page)
    return parser


@functools.cache
def plain_page() -> Elements:
    return elements(render(report_of("plain"), "html"))


@settings(deadline=None, max_examples=15)
@given(TEXT)
def test_every_form_of_a_report_is_inert(text: str) -> None:
    report = report_of(text)
    made = {form: render(report, form) for form in ("text", "markdown", "html", "sarif", "json")}
    for form, out in made.items():
        assert all(c.isprintable() or c in "\n\t" for c in out), form
    tokens = flat(PARSERS[1].parse(made["markdown"]))
    assert not {token.type for token in tokens} & {
        *("html_inline", "html_block", "link_open", "image", "s_open", "strong_open", "em_open")
    }
    json.loads(made["sarif"])
    page, plain = elements(made["html"]), plain_page()
    assert set(page.tags) <= set(plain.tags)
    assert page.tags.count("script") == plain.tags.count("script")
    assert all(address.startswith("#") for address in page.addresses)


def test_what_a_command_prints_is_visible(capsys: pytest.CaptureFixture[str]) -> None:
    with inert():
        sys.stdout.write("a\x1b[2J\r\x9b1m\u202eb\nnext\tline\n")
        sys.stderr.write("err\x07\n")
        styled(sys.stdout).write("\x1b[32mours\x1b[0m\n")
    said = capsys.readouterr()
    assert said.out == "a\\x1b[2J\\x0d\\x9b1m\\u202eb\nnext\tline\n\x1b[32mours\x1b[0m\n"
    assert said.err == "err\\x07\n"


def test_a_log_holds_no_escapes_of_children(tmp_path: Path) -> None:
    with kept(tmp_path / "log", ["check"]):
        CHILDREN.log(logging.DEBUG, "%s", "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J")
        sys.stdout.write("own\x08\n")
    text = (tmp_path / "log").read_text(encoding="utf-8")
    assert "red \\x1b]0;title\\x07 \\x9b2J\n" in text
    assert "own\\x08\n" in text


def test_a_secret_is_hidden_in_each_of_its_forms(capsys: pytest.CaptureFixture[str]) -> None:
    secret = 'p@ss"w%rd'  # noqa: S105
    hide(secret)
    with inert():
        sys.stdout.write(" ".join((secret, "p%40ss%22w%25rd", json.dumps(secret))))
    assert capsys.readouterr().out.split() == ["***", "***", '"***"']
