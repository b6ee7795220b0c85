"""A wheelhouse: a folder of wheels, staged as one set, described, then renamed into place."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlcbuild.builder.rewheel import read_metadata
from mlcbuild.errors import FailedError, UsageError
from mlcbuild.sources.cache import sha256_of
from mlcbuild.wheelhouse.closure import require_uv

MANIFEST: Final = "wheelhouse.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A finished wheelhouse: its folder, bytes of our wheels and of all, and their number."""

    folder: Path
    ours: tuple[Path, ...]
    ours_bytes: int
    all_bytes: int
    count: int


def require_place(output: Path) -> None:
    """Refuse a folder with other contents, before the build starts.

    Raises ``UsageError``: a wheelhouse is one consistent set, and replaces an older one as a whole.
    """
    if not output.exists() or (output / MANIFEST).is_file():
        return
    if not output.is_dir() or any(output.iterdir()):
        raise UsageError(
            f"{output} is not a wheelhouse and not empty", remedy="name a new folder with -o"
        )


@contextmanager
def staged(output: Path) -> Iterator[tuple[Path, Path]]:
    """Yield (staging, scratch) temp folders; staging replaces ``output`` on success.

    Raises ``UsageError`` and ``InputError`` before anything is built.
    """
    require_place(output)
    require_uv()
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{output.name}-", dir=output.parent) as staged:
        folder, built = Path(staged, "wheelhouse"), Path(staged, "built")
        folder.mkdir()
        built.mkdir()
        yield folder, built
        _place(folder, output)


def pinned(wheel: Path) -> dict[str, str]:
    """Return the exact versions of TVM and tvm-ffi that our wheel requires.

    Raises ``InputError`` where it cannot be read, ``FailedError`` where it pins something else.
    """
    text = read_metadata(wheel)[1].decode(errors="replace")
    found = dict(re.findall(r"^Requires-Dist: (apache-tvm(?:-ffi)?)==([\w.]+)", text, re.MULTILINE))
    if found.keys() != {"apache-tvm", "apache-tvm-ffi"}:
        raise FailedError(
            f"{wheel.name} does not pin apache-tvm and apache-tvm-ffi",
            remedy="pin both in pyproject.toml",
        )
    return found


def describe(
    folder: Path,
    ours: Sequence[Path],
    *,
    target: str,
    pythons: Sequence[str],
    devices: Sequence[str],
    note: str,
) -> None:
    """Write the manifest of a chat-only set; ``ours`` are the wheels built by mlcbuild."""
    names = {path.name for path in ours}
    table: Mapping[str, object] = {
        "schema_version": 1,
        "target": target,
        "python": list(pythons),
        "devices": list(devices),
        "compiles_models": False,
        "note": note,
        "wheels": [
            {
                "file": path.name,
                "origin": "mlcbuild" if path.name in names else "index",
                "size": path.stat().st_size,
                "sha256": sha256_of(path),
            }
            for path in sorted(folder.glob("*.whl"))
        ],
    }
    text = json.dumps(table, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")


def _place(folder: Path, output: Path) -> None:
    """Move the finished folder into place, keeping the old one until then."""
    old = folder.with_name("old")
    if output.exists():
        output.rename(old)
    try:
        folder.rename(output)
    except OSError:
        if old.exists():
            old.rename(output)
        raise
    shutil.rmtree(old, ignore_errors=True)


def tally(output: Path, names: list[str]) -> Made:
    """Count a finished wheelhouse; ``names`` are our own wheels in it."""
    wheels = sorted(output.glob("*.whl"))
    ours = tuple(output / name for name in names)
    return Made(
        folder=output,
        ours=ours,
        ours_bytes=sum(path.stat().st_size for path in ours),
        all_bytes=sum(path.stat().st_size for path in wheels),
        count=len(wheels),
    )
