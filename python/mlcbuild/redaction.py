"""Hide secrets by value in all output: reports, errors, logs.

Code that reads a password or a key calls ``hide``; URLs with credentials need no call.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_MASK: Final = "***"
#: Shorter values are in every other word; an address's credentials go whatever their length.
_SHORTEST: Final = 4
#: The part of an address before its host. "@" may stand unescaped in a password: the last counts.
_CREDENTIALS: Final = re.compile(r"""(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^\s/?#"'<>\\]{1,4096}@""")
#: Options whose values are secrets.
_OPTIONS: Final = frozenset({"--header"})
_HEADER: Final = re.compile(r"(?i)(proxy-)?(authorization|(x-)?api-key|cookie)\s*:")

_secrets: set[str] = set()


def hide(*values: str) -> None:
    """Hide these values, in the forms that they are sent in, from now on."""
    import json  # noqa: PLC0415 - with the next, only where there is a secret
    from urllib.parse import quote, unquote  # noqa: PLC0415

    for value in values:
        forms = {value, unquote(value), quote(value, safe=""), json.dumps(value)[1:-1]}
        _secrets.update(form for form in forms if len(form) >= _SHORTEST)


def hide_arguments(arguments: Sequence[str]) -> None:
    """Hide what a command line holds: values of headers, and passwords in addresses."""
    before = ""
    for word in arguments:
        option, equals, value = word.partition("=")
        if _is_secret(before) or _HEADER.match(word):
            _hide_header(word)
        elif equals and _is_secret(option):
            _hide_header(value)
        before = word
        _hide_address(word)


def _is_secret(option: str) -> bool:
    """Tell an option with a secret, also cut short: its refusal repeats what follows it."""
    return len(option) > len("--h") and any(name.startswith(option) for name in _OPTIONS)


def _hide_header(text: str) -> None:
    value = text.partition(":")[2].strip()
    hide(value, value.partition(" ")[2].strip())  # "Bearer KEY": the key alone too


def _hide_address(text: str) -> None:
    if "@" not in text or "://" not in text:
        return
    import base64  # noqa: PLC0415 - with the next, only for an address with credentials
    from urllib.parse import unquote, urlsplit  # noqa: PLC0415

    try:
        parts = urlsplit(text)
        user, password = parts.username or "", parts.password or ""
    except ValueError:
        return
    if password:
        pair = f"{unquote(user)}:{unquote(password)}"
        hide(password, base64.b64encode(pair.encode(errors="replace")).decode())


def redacted(text: str) -> str:
    """Return text without secrets."""
    if "://" in text:
        text = _CREDENTIALS.sub(rf"\1{_MASK}@", text)
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, _MASK)
    return text


def without_credentials(url: str) -> str:
    """Return the URL without user name and password, for messages."""
    from urllib.parse import urlsplit, urlunsplit  # noqa: PLC0415 - few commands have a URL

    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
