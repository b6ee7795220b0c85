"""The command that installs one of mlcbuild's extras: from where mlcbuild itself came.

``pip install "mlcbuild[report]"`` asks an index, and mlcbuild is on none yet. pip records a folder
or file that it installed from (PEP 610); what is run from a checkout has its folder.
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

_NAME: Final = "mlcbuild"
_FOLDER: Final = Path(__file__).parents[1]


def install_extra(extra: str) -> str:
    """Return the command, for any shell."""
    editable, place = _origin()
    return f'pip install {"-e " if editable else ""}"{place}[{extra}]"'


def _origin() -> tuple[bool, str]:
    """Return whether mlcbuild is installed in editable mode, and what to name it by."""
    try:
        record = distribution("mlcbuild").read_text("direct_url.json")
    except PackageNotFoundError:
        return False, str(_FOLDER) if (_FOLDER / "pyproject.toml").is_file() else _NAME
    try:
        table = json.loads(record or "{}")
        url = urlsplit(str(table.get("url", "")))
        editable = bool(table.get("dir_info", {}).get("editable"))
    except (ValueError, AttributeError):
        return False, _NAME
    place = url2pathname(url.path) if url.scheme == "file" else ""
    return (editable, place) if place and Path(place).exists() else (False, _NAME)
