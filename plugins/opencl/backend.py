"""The build backend: ``mlcbuild.plugin_backend`` of this checkout, not installed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))

from mlcbuild.plugin_backend import *  # noqa: F403 - the hooks, all of them
