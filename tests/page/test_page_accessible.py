"""The pages for everybody: axe-core, keys alone, a telephone, light and dark, no motion."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from axe import violations
from browser import Page, browser
from fakemachine import windows
from mlcbuild.cli import main
from mlcbuild.doctor import as_json, as_page
from mlcbuild.doctor.runner import examine
from pefactory import make_pe
from standin import Reply, Request, chat_app, serving
from wheelfactory import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("check", "bench", "doctor", "doctor-own", "all")
TELEPHONE = 390


def loads(folder: Path, name: str) -> Path:
    """Return the result of a load test in which some answers fail."""
    good, output = chat_app(), folder / f"{name}.json"

    def app(request: Request) -> Reply:
        ill = request.path.endswith("completions") and request.number % 4 == 3
        return Reply(503, pieces=[(0, b"full")]) if ill else good(request)

    with serving(app) as server:
        words = ["--concurrency", "1,2", "--requests", "12", "--output", str(output)]
        assert main(["bench", server.url, *words]) == 1
    return output


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the pages by name: of a broken wheel, of two load tests, of a machine, of all."""
    folder = tmp_path_factory.mktemp("pages")
    images = {
        f"demo/part{number}.pyd": make_pe(
            imports={f"gone{n}.dll": ["f"] for n in range(number)} | {"KERNEL32.dll": ["f"]},
            exports=["f"],
        )
        for number in range(8)
    }
    wheel = make_wheel(folder, images, name="demo")
    results = [loads(folder, "before"), loads(folder, "after")]
    pc = windows()
    pc.env |= {"CL": "/MTd", "TVM_LIBRARY_PATH": r"C:\<b>none</b>" + "\\long" * 30}
    examination = examine(pc)
    doctor = folder / "doctor.json"
    doctor.write_text(as_json.render(examination), encoding="utf-8")
    own = folder / "doctor-own.html"
    own.write_text(as_page.render(examination, "html"), encoding="utf-8")
    made = {
        "check": [wheel],
        "bench": results,
        "doctor": [doctor],
        "all": [wheel, doctor, results[0]],
    }
    for name, targets in made.items():
        output = folder / f"{name}.html"
        assert main(["report", *map(str, targets), "-o", str(output)]) == 1
    return {name: folder / f"{name}.html" for name in NAMES}


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("browser")) as page:
        yield page


def unfolded(tab: Page, path: Path, *, width: int, dark: bool = False) -> None:
    tab.open(path, width=width, dark=dark)
    tab.script("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    tab.frames(2)


@pytest.mark.needs_axe
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(tab: Page, pages: dict[str, Path], name: str) -> None:
    for width in (1400, TELEPHONE):
        for dark in (False, True):
            unfolded(tab, pages[name], width=width, dark=dark)
            assert violations(tab) == [], (width, dark)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wider_than_a_telephone(tab: Page, pages: dict[str, Path], name: str) -> None:
    unfolded(tab, pages[name], width=TELEPHONE)
    assert tab.script("document.documentElement.scrollWidth") == TELEPHONE


@pytest.mark.parametrize("name", NAMES)
def test_nothing_moves_by_itself(tab: Page, pages: dict[str, Path], name: str) -> None:
    tab.open(pages[name])
    assert tab.script("document.getAnimations().length") == 0
    moving = "getComputedStyle(each).transitionDuration !== '0s'"
    assert not tab.script(f"[...document.querySelectorAll('*')].some((each) => {moving})")


@pytest.mark.parametrize("name", NAMES)
def test_the_tab_key_reaches_all_that_can_be_used(
    tab: Page, pages: dict[str, Path], name: str
) -> None:
    tab.open(pages[name])
    usable = "a, button, input, summary, [tabindex='0']"
    wanted = tab.script(
        f"(() => {{ window.left = new Set([...document.querySelectorAll({json.dumps(usable)})]"
        ".filter((each) => each.checkVisibility())); return left.size; })()"
    )
    for _ in range(wanted):
        tab.key("Tab")
        seen = "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
        assert tab.script(f"left.delete(document.activeElement) && {seen}")
    assert tab.script("left.size") == 0


@pytest.mark.parametrize("name", ["doctor", "doctor-own"])
def test_a_fix_is_copied_with_one_click(tab: Page, pages: dict[str, Path], name: str) -> None:
    tab.call("Browser.grantPermissions", permissions=["clipboardReadWrite"])
    tab.open(pages[name])
    tab.script("document.querySelector('main p > button').focus()")
    tab.key("Enter", "\r")
    tab.frames(2)
    copied = tab.script("navigator.clipboard.readText()")
    assert copied == tab.script("document.querySelector('pre.copy').textContent")
    assert tab.script("document.querySelector('main p > button').textContent") == "Copied"
