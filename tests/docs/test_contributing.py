"""The recipes of CONTRIBUTING.md: what they name is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
RECIPES = dict(
    part.split("\n", 1)
    for part in TEXT.split("\n## Recipes\n")[1].split("\n## ")[0].split("\n### ")[1:]
)
#: In back quotes, with a slash or an ending of ours; ``::NAME`` may follow.
PATH = re.compile(r"`((?:[\w.-]+/)*[\w.-]+?)(?:::(\w+))?`")
TOPS = {path.name for path in ROOT.iterdir()}


def named(text: str) -> list[tuple[str, str]]:
    return [(p, name) for p, name in PATH.findall(text) if p.partition("/")[0] in TOPS]


def defined(path: Path) -> set[str]:
    """Return what a module defines at its top level."""
    found: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def missing(path: str, name: str) -> str:
    """Say what is not there; empty where all is."""
    place = ROOT / path
    if not place.exists():
        return f"{path} is not there"
    if not name:
        return ""
    known = defined(place) if place.suffix == ".py" else set(re.findall(r"\w+", place.read_text()))
    return "" if name in known else f"{path} has no {name}"


@pytest.mark.parametrize("recipe", RECIPES)
def test_what_a_recipe_names_is_there(recipe: str) -> None:
    places = named(RECIPES[recipe])
    assert places
    assert [said for place in places if (said := missing(*place))] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("`python/mlcbuild/gone.py`", "is not there"),
        ("`python/mlcbuild/rules/__init__.py::GONE`", "has no GONE"),
        ("`cmake/Options.cmake::GONE`", "has no GONE"),
    ],
)
def test_what_is_gone_would_be_seen(text: str, said: str) -> None:
    (place,) = named(text)
    assert said in missing(*place)
