"""Call delvewheel: build its arguments, report its errors in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError, UsageError
from mlcbuild.programs import run

if TYPE_CHECKING:
    from mlcbuild.repair.exclusions import Exclusion

#: Default date of a wheel's files: 1980-01-02, the first a zip can store in every time zone.
_NO_DATE: Final = "315619200"


def search_folders(given: Sequence[Path], env: Mapping[str, str], *, platform: str) -> list[Path]:
    """Return the DLL search folders: the user's, then System32, then PATH (added by delvewheel).

    System32 before PATH: build machines have JDKs and Qt on PATH with an msvcp140.dll of 2017
    (delvewheel#54), and the newest redistributable in System32.
    """
    folders = [path.absolute() for path in given]
    root = env.get("SystemRoot") or env.get("SYSTEMROOT")
    if platform == "win32" and root:
        folders.append(Path(root, "System32"))
    return folders


def arguments(
    wheel: Path,
    into: Path,
    *,
    folders: Sequence[Path],
    excluded: Sequence[Exclusion],
    extra: Sequence[str] = (),
) -> list[str]:
    """Return delvewheel's arguments.

    ``--analyze-existing``: a ctypes wheel has no .pyd, and its DLLs would be skipped.
    ``--ignore-existing``: DLLs in the wheel are found there and keep their names.
    """
    words = ["repair", "--analyze-existing", "--ignore-existing", "-w", os.fspath(into)]
    if folders:
        words += ["--add-path", os.pathsep.join(map(os.fspath, folders))]
    if excluded:
        words += ["--exclude", os.pathsep.join(entry.dll for entry in excluded)]
    return [*words, *extra, os.fspath(wheel)]


def run_delvewheel(words: Sequence[str], env: Mapping[str, str]) -> str:
    """Run delvewheel; return its output.

    Raises ``FailedError`` with its last line, ``UsageError``.
    """
    try:
        done = run(
            [sys.executable, "-m", "delvewheel", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Unbuffered: output and error stay in order, with the error last.
            env={
                "SOURCE_DATE_EPOCH": _NO_DATE,
                **env,
                "PYTHONIOENCODING": "utf-8",
                "PYTHONUNBUFFERED": "1",
            },
        )
    except OSError as error:
        raise FailedError(f"delvewheel does not run ({error})") from error
    said: str = done.stdout.decode("utf-8", errors="replace")
    if done.returncode == 0:
        return said
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if any("No module named delvewheel" in line for line in lines):
        raise UsageError("delvewheel is not installed", remedy="pip install delvewheel")
    raise FailedError(
        f"delvewheel: {lines[-1] if lines else 'it printed nothing'}",
        remedy="name the folder of a missing DLL with --add-path, or its wheel with --with",
    )
