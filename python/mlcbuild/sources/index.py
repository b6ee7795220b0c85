"""A client of package indexes: the simple API in its JSON and HTML forms, and find-links folders.

It asks the indexes that pip is set up for (see pipconfig) and never runs anything of a package;
``pip download`` would run the build backends of sdists.
"""

from __future__ import annotations

import contextlib
import hashlib
import html.parser
import json
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild import __version__
from mlcbuild.errors import FailedError, InputError
from mlcbuild.sources.cache import no_room
from mlcbuild.sources.pipconfig import IndexSettings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.client import HTTPResponse

__all__ = ["Index", "IndexFile", "IndexUnreachableError"]

_ACCEPT: Final = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, "
    "text/html;q=0.1"
)
_BLOCK: Final = 1 << 16
_ARCHIVES: Final = (".whl", ".tar.gz", ".zip")
_NOT_FOUND: Final = 404
_RANGE_REFUSED: Final = 416
_PARTIAL: Final = 206


class IndexUnreachableError(InputError):
    """No answer, or not an answer of a package index."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexFile:
    """One file of a project; ``sha256`` is empty and ``size`` None when the index tells not."""

    filename: str
    url: str
    sha256: str = ""
    size: int | None = None
    requires_python: str = ""
    yanked: bool = False


class _Links(html.parser.HTMLParser):
    """Collects the anchors of an HTML page, as the simple API and find-links pages have them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.anchors: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the attributes of every anchor."""
        if tag == "a":
            self.anchors.append(dict(attrs))


def _from_html(text: str, base: str) -> Iterator[IndexFile]:
    page = _Links()
    page.feed(text)
    for anchor in page.anchors:
        url, _, fragment = urllib.parse.urljoin(base, anchor.get("href") or "").partition("#")
        filename = urllib.parse.unquote(urllib.parse.urlsplit(url).path.rsplit("/", 1)[-1])
        if filename.endswith(_ARCHIVES):
            yield IndexFile(
                filename=filename,
                url=url,
                sha256=fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else "",
                requires_python=anchor.get("data-requires-python") or "",
                yanked="data-yanked" in anchor,
            )


def _from_json(content: dict[str, Any], base: str) -> Iterator[IndexFile]:
    for file in content["files"]:
        yield IndexFile(
            filename=file["filename"],
            url=urllib.parse.urljoin(base, file["url"]),
            sha256=file.get("hashes", {}).get("sha256", ""),
            size=file.get("size"),
            requires_python=file.get("requires-python") or "",
            yanked=bool(file.get("yanked", False)),
        )


def _normalised(name: str) -> str:
    """Return the project's name as URLs spell it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _project_of(filename: str) -> str:
    """Return the normalised project that a wheel's or sdist's name starts with."""
    stem = re.sub(r"(\.tar\.gz|\.zip|\.whl)$", "", filename)
    return _normalised(stem.split("-")[0] if filename.endswith(".whl") else stem.rpartition("-")[0])


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
        project = _normalised(name)
        found: dict[str, IndexFile] = {}
        for place in self.settings.find_links:
            for file in self._linked(place):
                if _project_of(file.filename) == project:
                    found.setdefault(file.filename, file)
        for index in self.settings.indexes:
            for file in self._listed(f"{index.rstrip('/')}/{project}/"):
                found.setdefault(file.filename, file)
        return list(found.values())

    def _linked(self, place: str) -> Iterator[IndexFile]:
        """Yield the files of a find-links entry: a folder, or an HTML page."""
        folder = _local(place)
        if folder is not None and folder.is_dir():
            for path in sorted(folder.iterdir()):
                if path.name.endswith(_ARCHIVES):
                    yield IndexFile(
                        filename=path.name, url=path.absolute().as_uri(), size=path.stat().st_size
                    )
        elif folder is None:
            yield from self._listed(place)

    def _listed(self, url: str) -> Iterator[IndexFile]:
        try:
            with self._open(url, {"Accept": _ACCEPT}) as response:
                body = response.read()
                kind = response.headers.get_content_type()
                final = response.url
        except urllib.error.HTTPError as error:
            if error.code == _NOT_FOUND:
                return
            raise _unreachable(url, f"it answered {error.code} {error.reason}") from error
        except (OSError, HTTPException) as error:
            raise _unreachable(url, _why(error)) from error
        try:
            if kind.endswith("json"):
                yield from _from_json(json.loads(body), final)
            else:
                yield from _from_html(body.decode("utf-8", "replace"), final)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _unreachable(url, "its answer is not that of a package index") from error

    def download(
        self, file: IndexFile, to: Path, *, progress: Callable[[int], None] | None = None
    ) -> int:
        """Bring a file to the path ``to`` and return the bytes received.

        Goes on where a killed download stopped (``to`` + ``.part``), checks the sha256 where one
        is known, then renames. ``progress`` is called with the size of each block. Raises
        ``FailedError`` for a wrong hash, ``InputError`` when it cannot be read or written.
        """
        part = to.with_name(f"{to.name}.part")
        try:
            to.parent.mkdir(parents=True, exist_ok=True)
            received = self._receive(file, part, progress)
            if file.sha256 and (actual := _sha256(part)) != file.sha256:
                if received < part.stat().st_size:  # resumed on the wrong start: once more, whole
                    part.unlink()
                    return received + self.download(file, to, progress=progress)
                part.unlink()
                raise FailedError(
                    f"{file.filename} from {_public(file.url)} has sha256 {actual[:16]}..., "
                    f"{file.sha256[:16]}... was expected",
                    remedy="do not use it; check the index that pip is set up for",
                )
            part.replace(to)
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
            raise _unreachable(file.url, _why(error)) from error
        except OSError as error:
            raise no_room(error, to) or InputError(
                f"cannot write {to}: {error.strerror or error}"
            ) from error
        return received

    def _receive(self, file: IndexFile, part: Path, progress: Callable[[int], None] | None) -> int:
        start = part.stat().st_size if part.exists() else 0
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        try:
            response = self._open(file.url, headers)
        except urllib.error.HTTPError as error:
            if error.code == _RANGE_REFUSED:  # the part is complete, or longer than the file
                return 0
            raise
        received = 0
        with response:
            resumed = start and response.status == _PARTIAL
            with part.open("ab" if resumed else "wb") as out:
                while block := response.read(_BLOCK):
                    out.write(block)
                    received += len(block)
                    if progress is not None:
                        progress(len(block))
            length = response.headers.get("Content-Length")
        if length is not None and received != int(length):
            raise ConnectionError(f"the connection ended after {received} of {length} bytes")
        return received

    def _open(self, url: str, headers: dict[str, str]) -> HTTPResponse:
        """Open a URL: proxies of the environment, certificates and credentials of the settings."""
        parts = urllib.parse.urlsplit(url)
        request_headers = {"User-Agent": f"mlcbuild/{__version__}", **headers}
        handlers: list[urllib.request.BaseHandler] = []
        if parts.scheme == "https":
            handlers.append(urllib.request.HTTPSHandler(context=self._context(parts.hostname)))
        if self.settings.proxy:
            proxies = dict.fromkeys(("http", "https"), self.settings.proxy)
            handlers.append(urllib.request.ProxyHandler(proxies))
        if parts.username is not None:
            passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
            user, password = (
                urllib.parse.unquote(t or "") for t in (parts.username, parts.password)
            )
            url = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
            passwords.add_password(None, url, user, password, is_authenticated=True)
            handlers.append(urllib.request.HTTPBasicAuthHandler(passwords))
        request = urllib.request.Request(url, headers=request_headers)  # noqa: S310 - file: is meant
        opened: HTTPResponse = urllib.request.build_opener(*handlers).open(
            request, timeout=self.settings.timeout
        )
        return opened

    def _context(self, host: str | None) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.settings.certificates:
            try:
                path = Path(self.settings.certificates)
                context.load_verify_locations(
                    **{"capath" if path.is_dir() else "cafile": str(path)}
                )
            except OSError as error:
                raise InputError(
                    f"cannot read the certificates {self.settings.certificates}",
                    remedy="correct PIP_CERT, SSL_CERT_FILE or pip's 'cert' setting",
                ) from error
        if host in self.settings.trusted_hosts:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def _local(place: str) -> Path | None:
    """Return the path that a find-links entry names, None when it is a web address."""
    parts = urllib.parse.urlsplit(place)
    if parts.scheme == "file":
        return Path(urllib.request.url2pathname(parts.path))
    return None if parts.scheme in {"http", "https"} else Path(place).expanduser()


def _sha256(path: Path) -> str:
    total = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def _public(url: str) -> str:
    """Return the URL without credentials."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _why(error: BaseException) -> str:
    with contextlib.suppress(AttributeError):
        error = error.reason  # type: ignore[attr-defined]
    return str(error) or type(error).__name__


def _unreachable(url: str, why: str) -> IndexUnreachableError:
    return IndexUnreachableError(
        f"cannot read {_public(url)} ({why})",
        remedy="check the network, and the index and proxy that pip is set up for "
        "(pip config list)",
    )
