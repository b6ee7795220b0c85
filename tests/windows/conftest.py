"""What only Windows can answer: ``scripts/test_windows.py`` runs these in Wine, CI on Windows."""

from __future__ import annotations

from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark this folder's tests: elsewhere they are counted, with the command that runs them."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.needs_windows)
