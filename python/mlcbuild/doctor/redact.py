"""Remove names of users, home folders and hosts from a report to be shared."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.doctor.check import Examination, Result
    from mlcbuild.doctor.system import System

#: Any user's home folder, also as a short name (``ADALOV~1``) and in other programs' paths.
_HOMES: Final = re.compile(
    r"(?P<root>\b[A-Za-z]:[\\/]+(?:Users|Documents and Settings)[\\/]+|(?<![\w.])/(?:home|Users)/)"
    r"(?P<name>[^\\/:;\"'<>|\r\n]+?)(?=[\\/:;\"'<>|\r\n)]|\s-|$)",
    re.IGNORECASE,
)
_SHARE: Final = re.compile(r"(?<![\\\w:])\\\\(?![?.])[^\\/\s\"']+")
_AUTHORITY: Final = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)(?P<host>[^/\s\"']+)")
#: User names of public machines: not private, and substrings of other words.
_COMMON: Final = frozenset(
    {"root", "user", "admin", "administrator", "runner", "public", "default"}
)
_WORD: Final = 3


def redactor(system: System) -> Callable[[str], str]:
    """Return a function that removes this machine's names from a text."""
    homes = {system.home, system.variable("USERPROFILE"), system.variable("HOME")}
    spelt = {form for home in homes for form in (home, home.replace("\\", "/")) if len(home) > 1}
    names = {system.user, system.variable("USERNAME"), system.variable("USER")}
    names |= {system.path.basename(home.rstrip("\\/")) for home in homes if home}
    hosts = {system.host, system.variable("COMPUTERNAME"), system.variable("USERDOMAIN")}
    hosts |= {host.partition(".")[0] for host in hosts}
    flags = re.IGNORECASE if system.windows else 0
    steps = [
        (re.compile(rf"{re.escape(home)}(?![\w.-])", flags), "~")
        for home in sorted(spelt, key=len, reverse=True)
    ]
    words = [(name, "USER") for name in names] + [(host, "HOST") for host in hosts]
    for word, stand_in in sorted(words, key=lambda pair: -len(pair[0])):
        if len(word) >= _WORD and word.lower() not in (*_COMMON, "localhost"):
            pattern = rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])"
            steps.append((re.compile(pattern, re.IGNORECASE), stand_in))

    def redact(text: str) -> str:
        for pattern, stand_in in steps:
            text = pattern.sub(stand_in, text)
        text = _HOMES.sub(lambda match: f"{match['root']}USER", text)
        return _SHARE.sub(r"\\\\HOST", text)

    return redact


def _without_hosts(text: str) -> str:
    return _AUTHORITY.sub(lambda match: f"{match['scheme']}HOST", text)


def redacted(examination: Examination, system: System) -> Examination:
    """Return the examination without names of users, homes and hosts."""
    redact = redactor(system)

    def clean(result: Result) -> Result:
        # A company's index and proxy appear only in the network results.
        hosts = _without_hosts if result.category == "network" else str
        return replace(
            result,
            finding=redact(hosts(result.finding)),
            evidence=tuple(redact(hosts(line)) for line in result.evidence),
            fix=redact(hosts(result.fix)),
        )

    return replace(examination, results=tuple(clean(result) for result in examination.results))
