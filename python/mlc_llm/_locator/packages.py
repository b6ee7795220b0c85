"""All packages that Python has under a name, and what puts one before the others."""

from __future__ import annotations

import os
import sys

from mlc_llm._locator.places import Package

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["all_packages", "put_there"]

#: After a package's folder, as Python's own finder tries them.
_MODULES = (".pyd", ".so", ".py", ".pyc")


def all_packages(name: str) -> Iterator[Package]:
    """Yield what each folder of ``sys.path`` has under a name, in Python's order."""
    for entry in list(dict.fromkeys(sys.path)):
        place = os.path.abspath(entry) if entry else os.getcwd()
        folder = os.path.join(place, name)
        start = os.path.join(folder, "__init__.py")
        if os.path.isfile(start):
            yield Package(place, folder, start)
            continue
        for suffix in _MODULES:
            if os.path.isfile(folder + suffix):
                yield Package(place, "", folder + suffix)
                break


def put_there(entry: str) -> str:
    """Say what put a folder on ``sys.path``; "" for the environment's own packages."""
    wanted = _normal(entry)
    named = os.environ.get("PYTHONPATH", "")
    if any(part and _normal(part) == wanted for part in named.split(os.pathsep)):
        return "PYTHONPATH"
    if pth := _path_file(wanted):
        return pth
    if os.path.basename(wanted) in ("site-packages", "dist-packages"):
        return ""
    first = sys.path[0] if sys.path else ""
    if wanted == _normal(first or os.curdir):
        return "the current folder" if wanted == _normal(os.curdir) else "the script's folder"
    return "sys.path"


def _path_file(wanted: str) -> str:
    """Return the ``.pth`` file whose line names a folder, "" where none does."""
    for site in sys.path:
        try:
            names = [name for name in os.listdir(site or os.curdir) if name.endswith(".pth")]
        except OSError:
            continue
        for name in names:
            path = os.path.join(site, name)
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    lines = [line.strip() for line in file]
            except OSError:
                continue
            if any(line and _normal(os.path.join(site, line)) == wanted for line in lines):
                return path
    return ""


def _normal(path: str) -> str:
    return os.path.normcase(os.path.abspath(path))
