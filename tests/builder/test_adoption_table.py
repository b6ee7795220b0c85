"""The table of docs/your-project.md: each kind of project and each way does what it says.

Here each is built once, with the pairs that were wrong once. benchmarks/adoption_table.py has all.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from adoption import CROSS, WAYS, Adopter, table
from extensionprojects import ADOPTED

if TYPE_CHECKING:
    from pathlib import Path

#: In place nothing was installed, and a namespace or a module outside any package got a stamp of
#: its own beside it: those are here whatever else covers their kind.
CHOSEN = {
    "pybind11": ("`pip wheel .`",),
    "nanobind, stable ABI": ("`uv build`",),
    "Cython": ("`python -m build`",),
    "Cython, stable ABI": ("`pip install -e .`",),
    "several modules": ("the same in place", "`pip wheel .`"),
    "namespace package": ("`pip install -e .`", "`uv build`"),
    "data files": ("`python -m build`",),
}


def test_the_table_has_every_kind_and_every_way() -> None:
    said = table()
    assert list(said) == list(ADOPTED)
    for ways in said.values():
        assert list(ways) == [*WAYS, CROSS]
        assert set(ways.values()) <= {"works", "refused"}


def test_each_kind_and_each_way_is_built_here_at_least_once() -> None:
    assert list(CHOSEN) == list(ADOPTED)
    assert set(itertools.chain.from_iterable(CHOSEN.values())) == set(WAYS)


@pytest.fixture(scope="module")
def adopter(offered: Path, tmp_path_factory: pytest.TempPathFactory) -> Adopter:
    return Adopter.make(tmp_path_factory.mktemp("adopted"), offered)


@pytest.mark.slow
@pytest.mark.needs_cxx
@pytest.mark.needs_index
@pytest.mark.parametrize("kind", CHOSEN)
def test_a_project_does_by_its_ways_what_the_table_says(kind: str, adopter: Adopter) -> None:
    for way in CHOSEN[kind]:
        assert adopter.does(kind, way) == table()[kind][way], way
