"""Requires-Dist from strangers: what cannot be judged is left out, and nothing is raised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlcbuild.package.requirements import needed, windows_environment

WINDOWS = windows_environment((3, 11), "win_amd64")


@pytest.mark.parametrize(
    "line",
    [
        *("", "not a requirement at all!", "x; os_name ~= 'nt'", "x; 'a' in 'b'", "x; (", "x\0"),
        *("x; dependency_groups == 'y'", "x; python_version ~= 'abc'", "x >= z", "\ud800"),
        "x;" + "(" * 5000 + "os_name == 'nt'" + ")" * 5000,
    ],
)
def test_a_line_that_cannot_be_judged_is_left_out_and_the_next_is_read(line: str) -> None:
    assert [each.name for each in needed([line, "good>=1"], WINDOWS)] == ["good"]


@given(st.lists(st.text(alphabet="xy;()'\"<>=~! .,[]@osname_iplatfrdv1", max_size=40), max_size=3))
def test_any_lines_give_requirements(lines: list[str]) -> None:
    assert all(each.name for each in needed(lines, WINDOWS))
