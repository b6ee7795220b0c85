"""Find the API and the model behind a URL.

``http://host:8000`` and ``http://host:8000/v1`` are queried for their models; a server that lists
any speaks OpenAI's protocol. Any other URL is requested as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from mlcbuild.bench.answers import excerpt_of
from mlcbuild.bench.records import Api, Target
from mlcbuild.errors import InputError, UsageError
from mlcbuild.jsontext import parse

if TYPE_CHECKING:
    import aiohttp


_ENDINGS: Final[dict[str, Api]] = {"/chat/completions": "chat", "/completions": "completions"}
_SUCCESS: Final = range(200, 300)
#: Longest model name, in characters.
_NAME: Final = 500


def check_url(url: str) -> str:
    """Return the URL without a fragment. Raises ``UsageError`` where it is not HTTP."""
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError as error:
        raise UsageError(f"not a URL: {url} ({error})") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_fine:
        raise UsageError(
            f"not an HTTP URL: {url}", remedy="give the full URL, such as http://127.0.0.1:8000"
        )
    return urlunsplit(parts._replace(fragment=""))


def api_of_path(url: str) -> Api | None:
    """Return the API of a URL's path; None for a base URL, whose server must be queried."""
    path = urlsplit(url).path.rstrip("/")
    for ending, api in _ENDINGS.items():
        if path.endswith(ending):
            return api
    return None if path == "" or path.endswith("/v1") else "plain"


def _base(url: str) -> str:
    """Return the base URL of OpenAI's paths, which ends with ``/v1``."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    for ending in _ENDINGS:
        path = path.removesuffix(ending)
    if not path.endswith("/v1"):
        path = "/v1"
    return urlunsplit(parts._replace(path=path, query=""))


async def served_models(
    session: aiohttp.ClientSession, url: str, headers: Mapping[str, str]
) -> list[str] | None:
    """Query a server for its models; None where it has no model list like OpenAI's.

    Raises ``InputError`` where it cannot be reached at all.
    """
    from mlcbuild.bench.client import read_once  # noqa: PLC0415 - a cycle otherwise

    status, body = await read_once(session, _base(url) + "/models", headers)
    if status not in _SUCCESS:
        return None
    try:
        names = [entry["id"] for entry in parse(body)["data"]]
    except (ValueError, LookupError, TypeError):
        return None
    return [name[:_NAME] for name in names] if all(isinstance(n, str) for n in names) else None


async def find_target(
    session: aiohttp.ClientSession,
    url: str,
    *,
    api: Api | None = None,
    model: str | None = None,
    stream: bool = True,
    method: str | None = None,
    headers: Mapping[str, str],
) -> Target:
    """Return the target; ``api`` and ``model`` as given, or as the server reports.

    Raises ``InputError`` where the server cannot be reached, ``UsageError`` for a model it does not
    serve.
    """
    url = check_url(url)
    named = api_of_path(url)
    if (api or named) == "plain":
        return Target(url=url, method=method or "GET", api="plain")
    models = await served_models(session, url, headers)
    if api is None:
        api = named or ("chat" if models is not None or model is not None else "plain")
    if api == "plain":
        return Target(url=url, method=method or "GET", api="plain")
    if named != api:
        url = _base(url) + next(ending for ending, name in _ENDINGS.items() if name == api)
    return Target(
        url=url,
        method=method or "POST",
        api=api,
        model=_choose(model, models, url),
        stream=stream,
    )


def _choose(wanted: str | None, models: list[str] | None, url: str) -> str:
    if models is None:
        if wanted is None:
            raise UsageError(f"{_base(url)}/models lists no models", remedy="give --model NAME")
        return wanted
    if wanted is not None and wanted not in models:
        listed = excerpt_of(", ".join(models)) or "none"
        raise UsageError(
            f"the server does not serve the model {wanted!r}",
            remedy=f"it serves {listed}",
        )
    if not models:
        raise InputError(f"{_base(url)}/models lists no models", remedy="load one in the server")
    return wanted or models[0]


def hint_for(target: Target, models: list[str] | None, status: int | None) -> str:
    """Return a hint for a URL refused with that status, or ``""``."""
    if status not in {404, 405, 501}:
        return ""
    parts = urlsplit(target.url)
    origin = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    if models is not None and api_of_path(target.url) == "plain":
        return f"wrong path? the server speaks OpenAI's protocol: mlcbuild bench {origin}"
    if target.api != "plain":
        return "wrong path? the server has no such API there; see its documentation"
    return f"wrong path or method? the server has no {excerpt_of(parts.path or '/')}"
