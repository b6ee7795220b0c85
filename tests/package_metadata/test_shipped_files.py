"""Files that the code finds beside itself are there, wherever a module moves."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import mlcbuild

ROOT = Path(mlcbuild.__file__).parent
#: Scripts for another Python than this, and what starts the program.
ELSEWHERE = (".probes", ".trace.child", ".trace.debugger", ".cross.child", ".__main__")


def test_every_path_that_a_module_names_beside_itself_exists() -> None:
    gone = []
    seen = 0
    for found in pkgutil.walk_packages([str(ROOT)], "mlcbuild."):
        if any(part in found.name for part in ELSEWHERE):
            continue
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            if isinstance(value, Path) and value.is_relative_to(ROOT):
                seen += 1
                if not value.exists():
                    gone.append(f"{found.name}.{name} = {value}")
    assert gone == []
    assert seen > 10
