"""A package index of plain files: PEP 503 pages, PEP 691 JSON beside them, PEP 658 metadata.

Any static host serves it (`pip install --index-url URL/simple/ NAME`). A static host cannot
negotiate content types, so pip reads the pages; ``index.json`` is for tools that request it by
name.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from packaging.utils import canonicalize_name
from packaging.version import Version

if TYPE_CHECKING:
    from mlcbuild.release.contents import Contents


def index_files(wheels: Iterable[Contents]) -> dict[str, bytes]:
    """Return path -> bytes of the index, relative to the folder of the wheels. Pure."""
    projects: dict[str, list[Contents]] = {}
    for wheel in sorted(wheels, key=lambda w: (Version(w.version), w.file)):
        projects.setdefault(canonicalize_name(wheel.distribution), []).append(wheel)
    files = {f"{wheel.file}.metadata": wheel.metadata for p in projects.values() for wheel in p}
    links = [f'<a href="{name}/">{name}</a>' for name in sorted(projects)]
    files["simple/index.html"] = _page("Simple index", links)
    files["simple/index.json"] = _json(
        {"meta": {"api-version": "1.1"}, "projects": [{"name": name} for name in sorted(projects)]}
    )
    for name, its in projects.items():
        files[f"simple/{name}/index.html"] = _page(f"Links for {name}", [_link(w) for w in its])
        files[f"simple/{name}/index.json"] = _json(
            {
                "meta": {"api-version": "1.1"},
                "name": name,
                "versions": list(dict.fromkeys(wheel.version for wheel in its)),
                "files": [_entry(wheel) for wheel in its],
            }
        )
    return files


def _address(wheel: Contents) -> str:
    return f"../../{quote(wheel.file)}"


def _link(wheel: Contents) -> str:
    attributes = f'href="{_address(wheel)}#sha256={wheel.sha256}"'
    if wheel.requires_python:
        attributes += f' data-requires-python="{html.escape(wheel.requires_python)}"'
    core = f"sha256={hashlib.sha256(wheel.metadata).hexdigest()}"
    attributes += f' data-core-metadata="{core}"'
    # PEP 714: the older name, for pip before 23.3. pip before 23.1 (Debian 12) refuses metadata
    # whose name is not normalised; without the attribute it reads the wheel's.
    if wheel.distribution == canonicalize_name(wheel.distribution):
        attributes += f' data-dist-info-metadata="{core}"'
    return f"<a {attributes}>{html.escape(wheel.file)}</a>"


def _entry(wheel: Contents) -> dict[str, Any]:
    core = {"sha256": hashlib.sha256(wheel.metadata).hexdigest()}
    return {
        "filename": wheel.file,
        "url": _address(wheel),
        "hashes": {"sha256": wheel.sha256},
        "requires-python": wheel.requires_python or None,
        "core-metadata": core,
        "size": wheel.size,
    }


def _page(title: str, links: list[str]) -> bytes:
    body = "\n".join(f"{link}<br>" for link in links)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="pypi:repository-version" content="1.1">\n'
        f"<title>{html.escape(title)}</title>\n</head>\n<body>\n<h1>{html.escape(title)}</h1>\n"
        f"{body}\n</body>\n</html>\n"
    ).encode()


def _json(table: dict[str, Any]) -> bytes:
    return (json.dumps(table, indent=1, ensure_ascii=False) + "\n").encode()
