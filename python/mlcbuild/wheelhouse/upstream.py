"""Download PyPI's wheels to be reduced, and cache them: apache-tvm's has 64 to 99 MB."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild.errors import InputError
from mlcbuild.programs import run
from mlcbuild.sources.cache import default_cache

if TYPE_CHECKING:
    from mlcbuild.wheelhouse.systems import System


def fetch_upstream(
    project: str,
    version: str,
    *,
    python: str,
    system: System,
    cache: Path | None = None,
    offline: bool = False,
) -> Path:
    """Return the wheel of a project for a system and CPython ``python`` (``3.11``).

    Raises ``InputError`` where the index has none or cannot be reached.
    """
    folder = (cache or default_cache()) / "wheels" / f"{project}-{version}-py{python}-{system.name}"
    found = sorted(folder.glob("*.whl"))
    if found:
        return found[0]
    if offline:
        raise InputError(
            f"{project} {version} for {system.title} is not in the cache",
            remedy="run once without --offline",
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", *system.pip, "--implementation", "cp"]
    command += ["--python-version", python, f"{project}=={version}", "--dest"]
    with tempfile.TemporaryDirectory(dir=folder.parent) as staged:
        done = run([*command, staged], capture_output=True)
        fetched = sorted(Path(staged).glob("*.whl"))
        if done.returncode != 0 or len(fetched) != 1:
            said = (done.stderr.decode(errors="replace").strip().splitlines() or ["no wheel"])[-1]
            which = f"{project} {version} for {system.title}, Python {python}"
            raise InputError(
                f"could not download {which}: {said}",
                remedy="check the network, PIP_INDEX_URL, and the Python versions it supports",
            )
        folder.mkdir(exist_ok=True)
        fetched[0].replace(folder / fetched[0].name)
    return folder / fetched[0].name
