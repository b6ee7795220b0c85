"""Collect the licences of all compiled-in code for the wheel's ``.dist-info/licenses``.

The lock lists each component's licence files. Crates are read through ``cargo metadata``; a text
shared by several crates is written once, with their names.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.errors import FailedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlcbuild.sources.lock import Lock

#: A folder below the build folder; CMake installs it.
FOLDER: Final = "licences"

_LICENCE_FILE: Final = re.compile(r"(licen[cs]e|copying|notice|copyright|unlicense)", re.IGNORECASE)


def gather(lock: Lock, packages: Iterable[dict[str, Any]], into: Path) -> None:
    """Write the licence files of the lock's components and of all crates below ``into``.

    The lock's components are extracted next to it; ``packages`` are the crates (``builder.cargo``).
    The folder is replaced as a whole. Raises ``FailedError`` where a licence file of the lock is
    missing.
    """
    fresh = into.with_name(into.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    for component in lock.components:
        for name in component.licence_files:
            source = lock.path.parent / component.name / name
            target = fresh / component.name / name
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(source, target)
            except FileNotFoundError as error:
                raise FailedError(
                    f"the licence file {name} of {component.name} is missing",
                    remedy="correct licence_files in 3rdparty/sources.toml",
                ) from error
    if texts := crate_texts(packages):
        (fresh / "crates.txt").write_text(merged(texts), encoding="utf-8", newline="\n")
        (fresh / "crates.json").write_text(listed(texts), encoding="utf-8", newline="\n")
    shutil.rmtree(into, ignore_errors=True)
    fresh.rename(into)


def listed(crates: dict[str, tuple[str, tuple[str, ...]]]) -> str:
    """Return the crates as JSON, for the bill of materials (``mlcbuild release``)."""
    rows = [
        {"name": name.split()[0], "version": name.split()[1], "licence": expression}
        for name, (expression, _) in crates.items()
    ]
    return json.dumps(rows, indent=1) + "\n"


def crate_texts(
    packages: Iterable[dict[str, Any]],
) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return ``name version`` -> (SPDX expression, licence texts) of every crate.

    ``packages`` are those of ``cargo metadata``; our own package, which has no source, is skipped.
    """
    return {
        f"{package['name']} {package['version']}": (
            package.get("license") or "see its licence file",
            tuple(_texts(Path(package["manifest_path"]).parent)),
        )
        for package in sorted(packages, key=lambda p: (p["name"], p["version"]))
        if package["source"] is not None
    }


def _texts(folder: Path) -> Iterable[str]:
    for path in sorted(folder.iterdir()):
        if path.is_file() and _LICENCE_FILE.match(path.name):
            yield path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n").strip()


def merged(crates: dict[str, tuple[str, tuple[str, ...]]]) -> str:
    """Return one text: the crates with their expressions, then each distinct licence once."""
    lines = ["Crates compiled into the tokenizers, with their licences.", ""]
    lines += [f"{name}: {expression}" for name, (expression, _) in crates.items()]
    carriers: dict[str, list[str]] = {}
    for name, (_, texts) in crates.items():
        for text in texts:
            carriers.setdefault(text, []).append(name)
    for text, names in carriers.items():
        lines += ["", "=" * 78, ", ".join(dict.fromkeys(names)), "-" * 78, text]
    return "\n".join(lines) + "\n"
