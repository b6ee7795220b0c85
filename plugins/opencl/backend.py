"""The build backend: ``mlcbuild.build.skbuild`` of this checkout; nothing need be installed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))

from mlcbuild.build.skbuild import *  # noqa: F403 - the hooks, all of them


def build_sdist(sdist_directory: str, config_settings: object = None) -> str:
    """Refuse: what is compiled, and the superbuild's files, lie above this folder."""
    del sdist_directory, config_settings
    raise SystemExit(
        "mlcbuild: error: tvm-opencl has no sdist, its sources lie above its folder: "
        "build the wheel from a checkout (pip wheel ./plugins/opencl)"
    )
