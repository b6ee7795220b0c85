"""The project that the tests of the policy and of the gate build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from demoproject import Project, make_project
from needs import require

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a small C project that opts in, in a folder with a space and an umlaut."""
    require("cxx")
    return make_project(tmp_path)
