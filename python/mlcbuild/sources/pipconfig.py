"""The package indexes pip is configured for, by environment variables and files.

pip itself is asked (``pip config list``), so that its precedence rules apply. Where
there is no pip (an environment of uv's, Debian's bare Python), its environment variables count.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlcbuild.programs import run

_TRUE: Final = frozenset({"1", "true", "yes", "on", "y", "t"})
_DEFAULT_TIMEOUT: Final = 15.0
#: pip's and uv's own.
DEFAULT_INDEX: Final = "https://pypi.org/simple"


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexSettings:
    """pip's settings. ``timeout`` is in seconds, per read."""

    indexes: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    certificates: str = ""
    proxy: str = ""
    trusted_hosts: frozenset[str] = frozenset()
    timeout: float = _DEFAULT_TIMEOUT

    def for_uv(self) -> list[str]:
        """Return uv's options for the same indexes and folders."""
        words = ["--default-index", self.indexes[0]] if self.indexes else ["--no-index"]
        words += [word for extra in self.indexes[1:] for word in ("--index", extra)]
        words += [word for place in self.find_links for word in ("--find-links", place)]
        return words

    def uv_environment(self) -> dict[str, str]:
        """Return the variables that uv reads the rest from."""
        return {"SSL_CERT_FILE": self.certificates} if self.certificates else {}


def _pip() -> list[str]:
    """Return the command that starts pip: the environment's, else the one bundled with Python."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    if importlib.util.find_spec("ensurepip") is not None:
        import ensurepip  # noqa: PLC0415 - rarely needed

        bundled = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
        if bundled:
            return [sys.executable, str(bundled[-1] / "pip")]
    return []


def _listing() -> str:
    command = _pip()
    if not command:
        return ""
    done = run(
        [*command, "config", "list"],
        env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    return done.stdout if done.returncode == 0 else ""


def parse_settings(listing: str) -> dict[str, str]:
    """Return pip's options from ``pip config list``; a source of higher precedence wins.

    Options for ``download`` and ``install`` count like global ones; environment variables win.
    """
    rank = {"global": 0, "install": 1, "download": 2, ":env:": 3}
    ranked: dict[str, tuple[int, str]] = {}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        section, _, option = key.rpartition(".")
        if section not in rank or not option:
            continue
        try:
            text = str(ast.literal_eval(value))
        except (ValueError, SyntaxError):
            text = value
        name = option.lower().replace("_", "-")
        if name not in ranked or ranked[name][0] <= rank[section]:
            ranked[name] = (rank[section], text)
    return {name: text for name, (_, text) in ranked.items()}


@functools.lru_cache(maxsize=1)
def load_settings() -> IndexSettings:
    """Ask pip once a process."""
    options = parse_settings(_listing())
    for name in ("index-url", "extra-index-url", "find-links", "no-index"):
        variable = os.environ.get(f"PIP_{name.upper().replace('-', '_')}")
        if variable is not None:  # so that they apply without pip too
            options[name] = variable
    indexes: list[str] = []
    if options.get("no-index", "").lower() not in _TRUE:
        indexes = [options.get("index-url") or DEFAULT_INDEX]
        indexes += options.get("extra-index-url", "").split()
    certificates = options.get("cert", "")
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        certificates = certificates or os.environ.get(variable, "")
    try:
        timeout = float(options.get("timeout") or options.get("default-timeout") or 0)
    except ValueError:
        timeout = 0.0
    return IndexSettings(
        indexes=tuple(indexes),
        find_links=tuple(options.get("find-links", "").split()),
        certificates=certificates,
        proxy=options.get("proxy", ""),
        trusted_hosts=frozenset(
            host.partition(":")[0] for host in options.get("trusted-host", "").split()
        ),
        timeout=timeout or _DEFAULT_TIMEOUT,
    )
