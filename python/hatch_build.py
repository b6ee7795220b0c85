"""Offer the policy's provider where pip can install it: from Python 3.11 on.

pip on Python 3.10 reads entry points with pkg_resources, which refuses a distribution whose group
has a hyphen in its name, as scikit-build-core's groups have. The wheel made on 3.10 therefore goes
without. Its tag is py310 and the other's py311, so that pip takes the right one where both are
offered. Projects that are built on 3.10 too name the backend ``mlcbuild.build.skbuild``, which
needs no entry point.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

HAS_PROVIDER = sys.version_info >= (3, 11)


class ProviderEntryPoint(MetadataHookInterface):
    """Declares the entry point."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill in the dynamic field."""
        metadata["entry-points"] = (
            {"scikit-build-core.config.override": {"mlcbuild": "mlcbuild.build.provider:overrides"}}
            if HAS_PROVIDER
            else {}
        )


class ProviderTag(BuildHookInterface):
    """Tags the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the oldest Python that may have it, and take the lock of the checkout along."""
        del version
        lock = Path(self.root).parent / "3rdparty" / "sources.toml"
        if lock.is_file():  # read by mlcbuild/sdk/free.py
            build_data["force_include"][str(lock)] = "mlcbuild/sdk/sources.toml"
        build_data["tag"] = "py311-none-any" if HAS_PROVIDER else "py310-none-any"
