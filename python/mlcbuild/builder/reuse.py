"""Keep the objects of a build folder when pip makes a new isolated environment.

scikit-build-core deletes ``CMakeFiles``, including objects, when it runs from another folder than
last time, because the configuration may point into the old one. In our superbuild only the cache
does (paths of Ninja and CMake); compile commands contain no path of the environment. So only the
cache is deleted, and Ninja recompiles what really changed.

Ninja knows that from its log, whose format changes with its releases: one that cannot read the log
compiles everything again. So each build takes the same Ninja, whatever PATH offers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild import staging

if TYPE_CHECKING:
    from collections.abc import Iterable

_INFO: Final = ".skbuild-info.json"
#: Its log has version 7; 1.12 writes 6, and Debian 12's 1.11 writes 5.
_NINJA: Final = "ninja>=1.13,<1.14"


def same_ninja(needed: Iterable[str], generator: str) -> list[str]:
    """Return the requirements of a build with PyPI's Ninja of one log format among them."""
    if not generator.startswith("Ninja"):
        return list(needed)
    return [*(line for line in needed if not line.startswith("ninja")), _NINJA]


def keep_objects(build_dir: Path, scikit_build_core: Path) -> bool:
    """Adopt ``build_dir`` for scikit-build-core in its new folder; return whether it was adopted.

    A folder of another source tree, or with a damaged record, is left to scikit-build-core.
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
