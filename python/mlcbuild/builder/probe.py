"""The machine as the preflight and the choice of Rust see it: programs and free disk space."""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild.programs import ask, find_program

if TYPE_CHECKING:
    from mlcbuild.versions import Version


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """One program on PATH; ``version`` is None where unknown."""

    path: str
    version: Version | None


class SystemProbe:
    """This machine; tests replace it."""

    def __init__(self) -> None:
        self.platform = sys.platform

    def tool(self, name: str) -> Tool | None:
        """Find a program on PATH, or Cargo in rustup's folder."""
        homes = [os.environ.get("CARGO_HOME") or Path.home() / ".cargo"]
        path = find_program(name) or (
            find_program(os.fspath(Path(homes[0], "bin", name))) if name == "cargo" else None
        )
        if path is None:
            return None
        done = ask([path, "--version"])
        if done is None:
            return Tool(path=path, version=None)
        match = re.search(rb"(\d+)\.(\d+)(?:\.(\d+))?", done.stdout)
        version = tuple(int(part) for part in match.groups() if part) if match else None
        return Tool(path=path, version=version)

    def free_bytes(self, folder: Path) -> int:
        """Return the free bytes of the volume of ``folder``, which need not exist."""
        while not folder.exists():
            folder = folder.parent
        return shutil.disk_usage(folder).free
