"""docs/peers.md is what benchmarks/peers.py makes; figures of time apart."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from commands import load_script
from doccommands import ROOT

if TYPE_CHECKING:
    from types import ModuleType

PAGE = (ROOT / "docs" / "peers.md").read_text(encoding="utf-8")
WORDS = {"**stops**", "says", "-", "passes", "refuses"}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script("benchmarks/peers.py")


def rows() -> list[list[str]]:
    """Return the cells of the measured table, its head first."""
    part = PAGE.partition("<!-- generated: peers-measured -->")[2].partition("<!-- end")[0]
    lines = [line.strip("| \n") for line in part.splitlines() if line.startswith("|")]
    return [line.split(" | ") for line in lines if not line.startswith("---")]


def test_the_table_has_every_tool_and_every_wheel(script: ModuleType) -> None:
    head, *body = rows()
    assert head == ["the wheel", *(f"`{peer.name}`" for peer in script.PEERS)]
    assert [row[0] for row in body[:-1]] == [case.wrong for case in script.CASES]
    assert all(set(row[1:]) <= WORDS for row in body[:-1])
    assert all(re.fullmatch(r"\d+\.\d\d s", cell) for cell in body[-1][1:])


def test_what_cannot_be_run_is_as_the_facts_say(script: ModuleType) -> None:
    assert script.replaced(PAGE, "peers-facts", script.facts_table()) == PAGE


@pytest.mark.slow  # builds and judges every broken wheel
def test_mlcbuild_does_what_its_column_says(script: ModuleType) -> None:
    ours = tuple(peer for peer in script.PEERS if peer.package == "mlcbuild")
    found, _ = script.measured(lambda _: None, ours)
    assert [row[1] for row in found] == [row[1] for row in rows()[1:-1]]


@pytest.mark.slow  # seven tools on fifteen wheels
def test_peers_do_what_their_columns_say(script: ModuleType) -> None:
    """Of the versions that the page names: a newer one may do better, and the page is then old."""
    same = tuple(peer for peer in script.PEERS if f"{peer.package} {version(peer.package)}" in PAGE)
    assert same
    found, _ = script.measured(lambda _: None, same)
    places = [[peer.name for peer in script.PEERS].index(peer.name) + 1 for peer in same]
    shown = [[row[0], *(row[place] for place in places)] for row in rows()[1:-1]]
    assert found == shown
