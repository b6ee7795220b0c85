"""The documentation site: built strictly, complete, self-contained, and looked at in a browser."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from axe import violations
from browser import Page, browser
from mlcbuild.codes import CODES
from mlcbuild.doctor.checks import CHECKS
from mlcbuild.explain import explain
from mlcbuild.explain.catalogue import read_symptoms
from mlcbuild.rules import RULE_IDS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
ENV = {**os.environ, "PYTHONPATH": str(ROOT / "python")}


def sphinx(source: Path, output: Path) -> subprocess.CompletedProcess[str]:
    """Build as scripts/docs.py does."""
    words = ["-q", "-W", "--keep-going", "-b", "html", "-d", f"{output}-trees"]
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *words, str(source), str(output)],
        env=ENV,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


#: Sphinx reads every page: fifteen seconds before the first of them.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "source"
    command = [sys.executable, str(ROOT / "scripts" / "docs_pages.py"), str(folder)]
    subprocess.run(command, env=ENV, check=True)
    return folder


@pytest.fixture(scope="module")
def site(source: Path) -> Path:
    """Return the built site: every link and anchor resolves, or this fails."""
    done = sphinx(source, source.with_name("site"))
    assert (done.returncode, done.stderr) == (0, "")
    return source.with_name("site")


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("browser")) as page:
        yield page


def title(path: Path) -> str:
    """Return a page's title, of its head."""
    found = re.search(r"<title>(.*?)</title>", path.read_text(encoding="utf-8"), re.DOTALL)
    assert found, path
    return " ".join(html.unescape(found[1]).removesuffix(" - mlcbuild").split())


def commands(page: Path) -> list[str]:
    """Return the lines of the one block of commands of an error's page."""
    text = page.read_text(encoding="utf-8")
    pattern = r'<div class="highlight-bat[^>]*>.*?<pre[^>]*>(.*?)</pre>'
    (block,) = re.findall(pattern, text, re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", "", block)).strip("\n").split("\n")


@pytest.mark.parametrize("link", ["[x](other.md)", "[x](#nowhere)", "[x](index.md#nowhere)"])
def test_a_link_that_leads_nowhere_fails_the_build(source: Path, tmp_path: Path, link: str) -> None:
    (tmp_path / "source" / "_static").mkdir(parents=True)
    (tmp_path / "source" / "conf.py").write_bytes((source / "conf.py").read_bytes())
    (tmp_path / "source" / "index.md").write_text(f"# Title\n\n{link}\n", encoding="utf-8")
    done = sphinx(tmp_path / "source", tmp_path / "site")
    assert done.returncode == 1
    assert "xref_missing" in done.stderr


def test_every_symptom_has_a_page_with_its_text_as_the_title(site: Path) -> None:
    for row in read_symptoms():
        first = " ".join(row.example.splitlines()[0].split())
        assert title(site / "errors" / f"{row.explanation.id}.html") == first


def test_every_code_has_a_page_whose_title_explain_knows(site: Path) -> None:
    index = (site / "errors" / "index.html").read_text(encoding="utf-8")
    for code in CODES:
        name = f"winerror-{code.number}" if code.kind == "WinError" else f"0x{code.number:08x}"
        found = explain(title(site / "errors" / f"{name}.html")).explanations
        assert any(each.title == code.name for each in found), code.name
        assert f'href="{name}.html"' in index


def test_a_page_of_an_error_says_cause_command_and_source(site: Path) -> None:
    page = (site / "errors" / "git-long-paths.html").read_text(encoding="utf-8")
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", "", page)).split())
    (row,) = [r.explanation for r in read_symptoms() if r.explanation.id == "git-long-paths"]
    assert all(cause in text for cause in row.causes)
    assert row.run in text
    assert all(each in text for each in row.sources)


def test_a_page_of_an_error_has_one_block_of_commands_that_copies_clean(site: Path) -> None:
    pages = [page for page in (site / "errors").glob("*.html") if page.stem != "index"]
    assert len(pages) > 100
    for page in pages:
        lines = commands(page)
        assert lines, page.name
        unclean = re.compile(r"^[>$]|\s$|\{\w+")  # a prompt, a blank at the end, a placeholder
        assert not [line for line in lines if unclean.search(line)], page.name


def test_the_side_bar_leads_to_use_in_your_project(site: Path) -> None:
    page = (site / "errors" / "winerror-126.html").read_text(encoding="utf-8")
    assert re.search(r'href="../your-project.html">Use it in your project</a>', page)


def test_a_cause_that_names_a_rule_leads_to_it(site: Path) -> None:
    page = (site / "errors" / "winerror-1114.html").read_text(encoding="utf-8")
    assert 'href="../rules.html#mutex-abi"' in page


def test_every_rule_and_check_has_its_place(site: Path) -> None:
    rules = (site / "rules.html").read_text(encoding="utf-8")
    checks = (site / "doctor-checks.html").read_text(encoding="utf-8")
    assert all(f'<section id="{rule}">' in rules for rule in RULE_IDS)
    assert all(f">{check}<" in checks for ids in CHECKS.values() for check in ids)


def test_no_page_asks_for_anything_outside_the_site(site: Path) -> None:
    asks = re.compile(
        r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"([^\"]+)|<link\b[^>]*\bhref=\"([^\"]+)"
    )
    pages = list(site.rglob("*.html"))
    assert len(pages) > 150
    for page in pages:
        for match in asks.finditer(page.read_text(encoding="utf-8")):
            assert "//" not in (match[1] or match[2]), page
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"(?:@import|url\()\s*[\"']?https?:", text), sheet


def test_the_search_finds_an_error_from_the_disk(site: Path, tab: Page) -> None:
    tab.errors.clear()
    tab.requests.clear()
    tab.open(site / "search.html")
    tab.script("document.querySelector('.sidebar-search').focus()")
    tab.script("document.querySelector('.sidebar-search').value = 'initialization routine failed'")
    tab.key("Enter", "\r")
    tab.loaded("search.html?q=initialization")
    found = "[...document.querySelectorAll('.search a')].map((a) => a.getAttribute('href')).join()"
    for _ in range(100):
        tab.frames(3)
        if "winerror-1114" in str(tab.script(found)):
            break
    assert "errors/winerror-1114.html" in str(tab.script(found))
    assert tab.errors == []
    assert all(url.startswith(("file:", "data:")) for url in tab.requests)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("specified module found", "winerror-126"),
        ("specified procedure found", "winerror-127"),
        ("valid Win32 application", "winerror-193"),
        ("0xC0000005 access violation", "0xc0000005"),
        ("LNK2038 mismatch detected", "runtime-mix-link"),
        ("Filename too long", "git-long-paths"),
    ],
)
def test_three_words_of_an_error_find_its_page(
    site: Path, tab: Page, words: str, name: str
) -> None:
    address = f"{(site / 'search.html').as_uri()}?q={quote(words)}"
    tab.call("Page.navigate", url=address)
    tab.loaded("search.html?q=")
    found = "[...document.querySelectorAll('ul.search a')].slice(0, 4).map((a) => a.href).join()"
    for _ in range(200):
        tab.frames(3)
        if f"errors/{name}.html" in str(tab.script(found)):
            break
    assert f"errors/{name}.html" in str(tab.script(found))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_page_is_readable_in_light_and_dark(
    site: Path, tab: Page, tmp_path: Path, *, dark: bool
) -> None:
    tab.errors.clear()
    tab.open(site / "errors" / "winerror-1114.html", dark=dark)
    luminance = """(() => {
      const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map((v) => {
        v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
      const text = light(getComputedStyle(document.querySelector('article p')).color);
      const back = light(getComputedStyle(document.body).backgroundColor);
      return [text, back];
    })()"""
    text, back = tab.script(luminance)
    assert (back < text) == dark
    assert (max(text, back) + 0.05) / (min(text, back) + 0.05) > 4.5
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert tab.script(wide)
    assert tab.errors == []
    folder = os.environ.get("MLCBUILD_SCREENSHOTS")
    picture = Path(folder or tmp_path) / f"docs-{'dark' if dark else 'light'}.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    tab.picture(picture)


def test_pages_fit_a_telephone(site: Path, tab: Page) -> None:
    for name in ("index.html", "rules.html", "codes.html", "peers.html", "errors/index.html"):
        tab.open(site / name, width=400, height=800)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert tab.script(wide) <= 1, name


@pytest.mark.needs_axe
@pytest.mark.parametrize(
    "name", ["index.html", "errors/winerror-1114.html", "your-project.html", "search.html"]
)
def test_axe_finds_nothing(site: Path, tab: Page, name: str) -> None:
    for width in (1400, 390):
        for dark in (False, True):
            tab.open(site / name, width=width, dark=dark)
            assert violations(tab) == [], (width, dark)


@pytest.mark.parametrize(
    ("name", "block", "starts"),
    [
        ("lab.html", ".highlight-console", "mlcbuild "),
        ("errors/winerror-1114.html", ".highlight-bat", "mlcbuild "),
    ],
)
def test_a_block_is_copied_without_its_prompt(
    site: Path, tab: Page, name: str, block: str, starts: str
) -> None:
    tab.call("Browser.grantPermissions", permissions=["clipboardReadWrite"])
    tab.open(site / name)
    tab.script(f"document.querySelector('{block} button.copybtn').focus()")
    tab.key("Enter", "\r")
    tab.frames(3)
    copied = str(tab.script("navigator.clipboard.readText()"))
    assert copied.startswith(starts)
    assert "$ " not in copied
