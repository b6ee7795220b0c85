"""A client of package indexes: the simple API in its JSON and HTML forms, and find-links folders.

It asks the indexes that pip is set up for (see pipconfig) and never runs anything of a package;
``pip download`` would run the build backends of sdists.
"""

from __future__ import annotations

import html.parser
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name

from mlcbuild.filenames import is_plain
from mlcbuild.jsontext import parse
from mlcbuild.sources.pipconfig import IndexSettings, load_settings
from mlcbuild.sources.transfer import IndexFile, Transfer, unreachable

_ACCEPT: Final = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, "
    "text/html;q=0.1"
)
_ARCHIVES: Final = (".whl", ".tar.gz", ".zip")
_WEB: Final = frozenset({"http", "https"})
#: Bytes; a larger size is not plausible.
_LARGEST: Final = 1 << 50
_NOT_FOUND: Final = 404


class _Links(html.parser.HTMLParser):
    """Collects the anchors of an HTML page, as the simple API and find-links pages have them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.anchors: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the attributes of every anchor."""
        found = dict(attrs) if tag == "a" else {}
        if any(ending in (found.get("href") or "") for ending in _ARCHIVES):
            self.anchors.append(found)


def _offered(
    filename: str,
    url: str,
    base: str,
    **facts: Any,  # noqa: ANN401 - the other fields
) -> Iterator[IndexFile]:
    """Yield a page's file, unless its name is a path or a web page names a local file."""
    here = urllib.parse.urlsplit(base).scheme
    scheme = urllib.parse.urlsplit(url).scheme
    if is_plain(filename) and (scheme in _WEB or scheme == here == "file"):
        yield IndexFile(filename=filename, url=url, **facts)


def _from_html(text: str, base: str) -> Iterator[IndexFile]:
    page = _Links()
    page.feed(text)
    for anchor in page.anchors:
        url, _, fragment = urllib.parse.urljoin(base, anchor.get("href") or "").partition("#")
        filename = urllib.parse.unquote(urllib.parse.urlsplit(url).path.rsplit("/", 1)[-1])
        if filename.endswith(_ARCHIVES):
            yield from _offered(
                filename,
                url,
                base,
                sha256=fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else "",
                requires_python=anchor.get("data-requires-python") or "",
                yanked="data-yanked" in anchor,
            )


def _from_json(content: dict[str, Any], base: str) -> Iterator[IndexFile]:
    for file in content["files"]:
        size = file.get("size")
        yield from _offered(
            file["filename"],
            urllib.parse.urljoin(base, file["url"]),
            base,
            sha256=str(file.get("hashes", {}).get("sha256", "")),
            size=size if isinstance(size, int) and 0 <= size < _LARGEST else None,
            requires_python=str(file.get("requires-python") or ""),
            yanked=bool(file.get("yanked", False)),
        )


def _is_of(filename: str, project: str) -> bool:
    """Return whether a wheel's or sdist's file name belongs to the normalised project.

    An sdist's name may hold hyphens, and so may old versions: every hyphen may be the separator.
    """
    if filename.endswith(".whl"):
        return canonicalize_name(filename.partition("-")[0]) == project
    hyphens = [match.start() for match in re.finditer("-", filename)]
    return any(canonicalize_name(filename[:at]) == project for at in hyphens)


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """The indexes of one configuration, asked as if they were one."""

    settings: IndexSettings

    @classmethod
    def configured(cls) -> Index:
        """Return the indexes that pip would ask."""
        return cls(settings=load_settings())

    def find_files(self, name: str) -> list[IndexFile]:
        """Return every file of a project, each file name once; empty when no index knows it.

        Raises ``IndexUnreachableError`` when an index does not answer.
        """
        project = canonicalize_name(name)
        found: dict[str, IndexFile] = {}
        for place in self.settings.find_links:
            for file in self._linked(place):
                if _is_of(file.filename, project):
                    found.setdefault(file.filename, file)
        for index in self.settings.indexes:
            for file in self._listed(f"{index.rstrip('/')}/{project}/"):
                if _is_of(file.filename, project):  # a page may list files of any project
                    found.setdefault(file.filename, file)
        return list(found.values())

    def download(
        self, file: IndexFile, to: Path, *, progress: Callable[[int], None] | None = None
    ) -> int:
        """Download a file to the path ``to``; see ``Transfer.download``."""
        return Transfer(self.settings).download(file, to, progress=progress)

    def _linked(self, place: str) -> Iterator[IndexFile]:
        """Yield the files of a find-links entry: a folder, or an HTML page."""
        folder = _local(place)
        if folder is None or folder.is_file():
            yield from self._listed(place if folder is None else folder.absolute().as_uri())
        elif folder.is_dir():
            for path in sorted(folder.iterdir()):
                if path.name.endswith(_ARCHIVES):
                    yield IndexFile(
                        filename=path.name, url=path.absolute().as_uri(), size=path.stat().st_size
                    )

    def _listed(self, url: str) -> Iterator[IndexFile]:
        folder = _local(url)
        if folder is not None and folder.is_dir():  # a folder with an index inside (dir2pi)
            url = (folder / "index.html").absolute().as_uri()
        try:
            body, kind, final = Transfer(self.settings).page(url, {"Accept": _ACCEPT})
        except urllib.error.HTTPError as error:
            if error.code == _NOT_FOUND:
                return
            raise unreachable(url, error) from error
        except (OSError, HTTPException, ValueError) as error:
            raise unreachable(url, error) from error
        try:
            files = (
                list(_from_json(parse(body), final))
                if kind.endswith("json")
                else list(_from_html(body.decode("utf-8", "replace"), final))
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise unreachable(url, "its answer is not a package index page") from error
        yield from files


def find_files(name: str) -> list[IndexFile]:
    """Return every file of a project in the indexes that pip is set up for."""
    return Index.configured().find_files(name)


def download(file: IndexFile, to: Path, *, progress: Callable[[int], None] | None = None) -> int:
    """Download a file to the path ``to``; see ``Transfer.download``."""
    return Index.configured().download(file, to, progress=progress)


def _local(place: str) -> Path | None:
    """Return the path that a find-links entry names, None when it is a web address."""
    parts = urllib.parse.urlsplit(place)
    if parts.scheme == "file":
        return Path(urllib.request.url2pathname(parts.path))
    return None if parts.scheme in {"http", "https"} else Path(place).expanduser()
