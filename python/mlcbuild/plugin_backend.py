"""The build backend of the plug-ins (``plugins/``).

Skbuild's, plus the libraries they link as build requirements.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlcbuild import skbuild
from mlcbuild.builder.plugins import linked_against
from mlcbuild.skbuild import (
    build_editable,
    build_sdist,
    build_wheel,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]


def get_requires_for_build_wheel(config_settings: Mapping[str, Any] | None = None) -> list[str]:
    """PEP 517: add PyPI's TVM, where its libraries are linked."""
    needed = skbuild.get_requires_for_build_wheel(config_settings)
    return [*needed, *linked_against(config_settings)]


def get_requires_for_build_editable(config_settings: Mapping[str, Any] | None = None) -> list[str]:
    """PEP 660: like ``get_requires_for_build_wheel``."""
    needed = skbuild.get_requires_for_build_editable(config_settings)
    return [*needed, *linked_against(config_settings)]
