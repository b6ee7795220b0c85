"""A clean place: a virtual environment of its own, and an environment free of the caller's."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import MlcbuildError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Place", "clean_environment", "place"]

#: Variables that would lead a child to other packages or libraries than the wheel's.
_FOREIGN: Final = (
    "CONDA_PREFIX",
    "DYLD_LIBRARY_PATH",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "SKIP_LOADING_MLCLLM_SO",
    "VIRTUAL_ENV",
    "__PYVENV_LAUNCHER__",
)
_FOREIGN_PREFIXES: Final = ("MLC_", "PYTHON", "TVM_")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The folder of one verification, and the log of all its children (outside of it)."""

    folder: Path
    log: Path
    environment: Mapping[str, str]

    @property
    def python(self) -> str:
        """The interpreter of the virtual environment."""
        below = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
        return str(self.folder / "venv" / below)


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what points at other packages or libraries.

    pip's own settings (index, proxy, cache) stay.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name.upper() not in _FOREIGN and not name.upper().startswith(_FOREIGN_PREFIXES)
    }
    return kept | {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONNOUSERSITE": "1",
    }


@contextmanager
def place(*, keep: bool) -> Iterator[Place]:
    """Make the folder; remove it on leaving unless ``keep``. A step's failure leaves the log."""
    folder = Path(tempfile.mkdtemp(prefix="mlcbuild-verify-"))
    log = folder.with_name(folder.name + ".log")
    log.touch()
    keep_log = keep
    try:
        yield Place(folder=folder, log=log, environment=clean_environment(os.environ))
    except MlcbuildError:
        keep_log = True
        raise
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
        if not keep_log:
            log.unlink(missing_ok=True)
