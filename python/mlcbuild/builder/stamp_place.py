"""Where the stamp of a build goes: a folder of the wheel, never a new package of its own."""

from __future__ import annotations

import re
from posixpath import commonpath, dirname
from typing import TYPE_CHECKING

from mlcbuild.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def package_folder(text: str, said: str) -> str:
    """Return a package's path inside the wheel: ``acme.fast`` and ``acme/fast`` are the same.

    ``said`` is what the user wrote, for the message. Raises ``UsageError`` for a path that leaves
    the wheel (``..``, absolute, a drive) or that no package can have.
    """
    folder = text if ".." in text else text.replace(".", "/")
    parts = folder.removesuffix("/").split("/")
    if not all(re.fullmatch(r"\w[\w-]*", part) for part in parts):
        raise UsageError(
            f"{said} is not a package of the wheel",
            remedy='name the package that carries the stamp, such as "acme" or "acme/fast"',
        )
    return "/".join(parts)


def default_stamp_folder(
    natives: Iterable[str], packages: Mapping[str, Path], distribution: str
) -> str:
    """Return the folder for a project that names none.

    It is the package of ``wheel.packages`` where that is one with an ``__init__.py`` (a namespace
    belongs to several distributions); else the deepest folder that holds all ``natives``, paths
    inside the wheel. Modules that lie beside each other in site-packages share no folder of their
    own: they get ``<distribution>.stamp``, a name that cannot be imported.
    """
    regular = [path for path, source in packages.items() if (source / "__init__.py").is_file()]
    if len(packages) == 1 and regular:
        return regular[0]
    folders = [dirname(path) for path in natives if ".data/" not in path]
    shared = commonpath(folders) if folders and all(folders) else ""
    name = re.sub(r"[-_.]+", "_", distribution)
    return shared or (f"{name}.stamp" if name else "")
