"""The build backend: ``mlcbuild.build.skbuild`` of this checkout; nothing need be installed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))

from mlcbuild.build import skbuild
from mlcbuild.build.plugins import linked_against
from mlcbuild.build.skbuild import *  # noqa: F403 - the hooks, all but one


def get_requires_for_build_wheel(config_settings=None):  # noqa: ANN001, ANN201 - PEP 517 has both
    """PEP 517: PyPI's TVM too, where its own libraries are linked."""
    needed = skbuild.get_requires_for_build_wheel(config_settings)
    return [*needed, *linked_against(config_settings)]


def get_requires_for_build_editable(config_settings=None):  # noqa: ANN001, ANN201
    """PEP 660: the same."""
    needed = skbuild.get_requires_for_build_editable(config_settings)
    return [*needed, *linked_against(config_settings)]
