"""The build backend: ``mlcbuild.build.skbuild`` of this checkout; nothing need be installed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))

from mlcbuild.build.skbuild import *  # noqa: F403 - the hooks, all of them
