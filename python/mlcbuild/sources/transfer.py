"""Read from package indexes over HTTP, with pip's proxies, certificates and credentials.

Downloads are staged, resume after a kill, are checked by their sha256, then renamed.
"""

from __future__ import annotations

import contextlib
import netrc
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild import __version__
from mlcbuild.errors import FailedError, InputError
from mlcbuild.redaction import hide, without_credentials
from mlcbuild.sources.cache import no_room, sha256_of
from mlcbuild.sources.pace import Watch, paced
from mlcbuild.staging import open_kept, open_new

if TYPE_CHECKING:
    from mlcbuild.sources.pipconfig import IndexSettings

#: Limits of an index page in bytes and seconds; PyPI's largest page has a tenth of it.
_PAGE: Final = 32 << 20
_PAGE_S: Final = 120.0
#: Largest size of a file whose size the index does not state.
_FILE: Final = 16 << 30
_RANGE_REFUSED: Final = 416
_PARTIAL: Final = 206


class IndexUnreachableError(InputError):
    """No response, or not the response of a package index."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexFile:
    """One file of a project.

    Without a stated hash ``sha256`` is empty, without a size ``size`` is None.
    """

    filename: str
    url: str
    sha256: str = ""
    size: int | None = None
    requires_python: str = ""
    yanked: bool = False


@dataclass(frozen=True, slots=True)
class Transfer:
    """Opens URLs and downloads files, with one set of settings."""

    settings: IndexSettings

    def open(self, url: str, headers: dict[str, str]) -> HTTPResponse:
        """Open a URL: proxies of the environment, certificates and credentials of the settings.

        Raises what ``urllib`` raises.
        """
        parts = urllib.parse.urlsplit(url)
        handlers: list[urllib.request.BaseHandler] = []
        if self.settings.proxy:
            proxies = dict.fromkeys(("http", "https"), self.settings.proxy)
            handlers.append(urllib.request.ProxyHandler(proxies))
        url = without_credentials(url)
        if credentials := _credentials(parts):
            passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
            passwords.add_password(None, url, *credentials, is_authenticated=True)
            handlers.append(urllib.request.HTTPBasicAuthHandler(passwords))
        request = urllib.request.Request(  # noqa: S310 - an index may be a file: URL
            url, headers={"User-Agent": f"mlcbuild/{__version__}", **headers}
        )
        with Watch() as watch:
            opener = urllib.request.build_opener(*watch.handlers(self._context), *handlers)
            opened: HTTPResponse = opener.open(request, timeout=self.settings.timeout)
        return opened

    def page(self, url: str, headers: dict[str, str]) -> tuple[bytes, str, str]:
        """Return an index page, its content type and its final URL.

        Raises what ``open`` raises, and ``ValueError`` for one that is too large or too slow.
        """
        body = bytearray()
        with self.open(url, headers) as response:
            for block in paced(response, most=_PAGE, deadline_s=_PAGE_S):
                body += block
            return bytes(body), response.headers.get_content_type(), response.url

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

    def download(
        self, file: IndexFile, to: Path, *, progress: Callable[[int], None] | None = None
    ) -> int:
        """Download a file to the path ``to`` and return the bytes received.

        Resumes a killed download (``to`` + ``.part``), checks the sha256 where one
        is known, then renames. ``progress`` is called with the size of each block. Raises
        ``FailedError`` for a wrong hash, ``InputError`` when it cannot be read or written.
        """
        part = to.with_name(f"{to.name}.part")
        try:
            to.parent.mkdir(parents=True, exist_ok=True)
            received = 0
            with open_kept(part) if file.sha256 else open_new(part) as out:
                start = out.seek(0, os.SEEK_END)
                for block, position in self._blocks(
                    file.url, start, _FILE if file.size is None else file.size
                ):
                    out.seek(position)
                    out.truncate()
                    out.write(block)
                    out.flush()  # flushed, so that a kill loses nothing
                    received += len(block)
                    if progress is not None:
                        progress(len(block))
            actual = sha256_of(part) if file.sha256 else ""
            if actual != file.sha256:
                part.unlink()
                if start:  # the partial file was not the start of this one
                    return received + self.download(file, to, progress=progress)
                raise FailedError(
                    f"{file.filename} from {without_credentials(file.url)} has sha256 "
                    f"{actual[:16]}..., {file.sha256[:16]}... was expected",
                    remedy="do not use it; check pip's index settings (pip config list)",
                )
            part.replace(to)
        except OSError as error:
            raise no_room(error, to) or InputError(
                f"cannot write {to}: {error.strerror or error}"
            ) from error
        return received

    def _blocks(self, url: str, start: int, most: int) -> Iterator[tuple[bytes, int]]:
        """Yield the file's blocks with their positions, from ``start`` if the server can.

        ``most`` is the stated size, or the limit.
        """
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        try:
            with self.open(url, headers) as response:
                position = start if response.status == _PARTIAL else 0
                length = response.headers.get("Content-Length")
                end = None if length is None else position + int(length)
                if end == position:
                    yield b"", position
                for block in paced(response, most=max(most - position, 0)):
                    yield block, position
                    position += len(block)
        except urllib.error.HTTPError as error:
            if error.code == _RANGE_REFUSED and start:  # the partial file is complete or wrong
                return
            raise unreachable(url, error) from error
        except (OSError, HTTPException, ValueError) as error:
            raise unreachable(url, error) from error
        if end is not None and position != end:
            raise unreachable(url, f"the connection ended at byte {position} of {end}")


def _credentials(parts: urllib.parse.SplitResult) -> tuple[str, str] | None:
    """Return user and password: from the URL, else from the user's netrc file."""
    if parts.username is not None:
        hide(parts.password or "")
        return urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or "")
    with contextlib.suppress(OSError, netrc.NetrcParseError):
        if found := netrc.netrc().authenticators(parts.hostname or ""):
            hide(found[2] or "")
            return found[0], found[2] or ""
    return None


def unreachable(url: str, why: object) -> IndexUnreachableError:
    """Return the error for a URL without a usable response; ``why`` is an exception or a string."""
    if isinstance(why, urllib.error.HTTPError):
        why = f"it answered {why.code} {why.reason}"
    elif isinstance(why, urllib.error.URLError):
        why = why.reason
    return IndexUnreachableError(
        f"cannot read {without_credentials(url)} ({why or type(why).__name__})",
        remedy="check the network, and pip's index and proxy settings (pip config list)",
    )
