"""The toolkit's own distribution carries its licence."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_toolkits_licence_is_that_of_the_repository() -> None:
    """Wheels are built from python/, which must not reach outside itself."""
    ours = (ROOT / "python" / "LICENSE").read_bytes()
    assert ours == (ROOT / "LICENSE").read_bytes()
