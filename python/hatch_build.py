"""Take the lock of the checkout into the wheel: ``mlcbuild/sdk/free.py`` reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class LockOfTheCheckout(BuildHookInterface):
    """An sdist has the lock inside already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Include the lock where the checkout is around the project."""
        del version
        lock = Path(self.root).parent / "3rdparty" / "sources.toml"
        if lock.is_file():
            build_data["force_include"][str(lock)] = "mlcbuild/sdk/sources.toml"
