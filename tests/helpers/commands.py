"""``mlcbuild`` as a user starts it, and the repository's scripts as modules."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["ROOT", "load_script", "run_mlcbuild"]

ROOT = Path(__file__).resolve().parents[2]


def run_mlcbuild(
    *words: str | Path, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m mlcbuild`` of this checkout in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "mlcbuild", *map(str, words)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT / "python")} | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def load_script(path: str) -> ModuleType:
    """Return a script, named by its path below the repository, as a new module."""
    file = ROOT / path
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module  # where dataclasses look
    spec.loader.exec_module(module)
    return module
