"""Every case is built once for the whole session, whoever asks first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from loadercases import Case, Lab
from winejudge import Judge, make_judge, on_windows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], Path]:
    """Return the folder of a built case: ``pkg`` and the folders beside it."""
    roots: dict[str, Path] = {}
    home = tmp_path_factory.mktemp("cases")

    def folder(case: Case) -> Path:
        if case.name not in roots:
            root = home / case.name
            root.mkdir()
            case.build(Lab(root))
            roots[case.name] = root
        return roots[case.name]

    return folder


@pytest.fixture(scope="session")
def judge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Return a real loader: Windows' own on Windows, else the lab's Wine (skipped elsewhere)."""
    prefix = None if on_windows() else request.getfixturevalue("windows").prefix
    return make_judge(tmp_path_factory.mktemp("judge"), prefix)
