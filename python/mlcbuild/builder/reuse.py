"""Keep the objects of a build folder when pip makes a new isolated environment.

scikit-build-core throws ``CMakeFiles`` away, objects and all, when it finds itself in another
folder than last time, because what was configured may point into the old one. In our superbuild
only the cache can (Ninja's and CMake's place); compile commands hold no path of the environment.
So the cache goes, the objects stay, and Ninja compiles what really changed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from mlcbuild import staging

__all__ = ["keep_objects"]

_INFO: Final = ".skbuild-info.json"


def keep_objects(build_dir: Path, scikit_build_core: Path) -> bool:
    """Adopt ``build_dir`` for the scikit-build-core in its new place; say whether it was adopted.

    A folder of another source tree, or one whose record is damaged, is left to scikit-build-core.
    """
    info = build_dir / _INFO
    try:
        record = json.loads(info.read_text(encoding="utf-8"))
        moved = Path(record["skbuild_path"]) != scikit_build_core
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if not moved:
        return False
    (build_dir / "CMakeCache.txt").unlink(missing_ok=True)
    record["skbuild_path"] = str(scikit_build_core)
    staging.replace(info, json.dumps(record, indent=2).encode())
    return True
