"""What may provide a DLL that was not found: the wheel's requirements, FFmpeg's variants."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from mlcbuild.rules.names import base_name

if TYPE_CHECKING:
    from mlcbuild.rules.finding import Subject

_PYTHON_TAG: Final = re.compile(r"cp(3)(\d+)-")
#: Shorter words of a name are in too many others.
_TELLING: Final = 3
_FFMPEG: Final = re.compile(
    r"((?:av(?:util|codec|format|filter|device)|swscale|swresample|postproc)-)\d+\.dll"
)


def unseen_requirements(subject: Subject) -> tuple[str, ...]:
    """Return the distributions that the wheel requires and that were not given with it."""
    return tuple(name for name in required(subject) if flat(name) not in subject.beside)


def required(subject: Subject) -> tuple[str, ...]:
    """Return the distributions that the wheel requires on Windows, without extras."""
    wheel = subject.wheel
    if wheel is None or not wheel.requires:
        return ()
    from mlcbuild.package.requirements import (  # noqa: PLC0415 - packaging, for a fault alone
        needed,
        platform_of,
        windows_environment,
    )

    tagged = next((m for tag in wheel.tags if (m := _PYTHON_TAG.match(tag))), None)
    python = (3, int(tagged[2])) if tagged else (3, 12)
    environment = windows_environment(python, platform_of(wheel.tags))
    return tuple(dict.fromkeys(each.name for each in needed(wheel.requires, environment)))


def likely(dll: str, requirements: Sequence[str]) -> str | None:
    """Return the requirement whose name shares a word with the DLL's, such as Qt6Core.dll."""
    stem = flat(base_name(dll).removesuffix(".dll"))
    for name in requirements:
        words = [word for word in re.split(r"[-_.]+", name.casefold()) if len(word) >= _TELLING]
        if any(word in stem or stem in word for word in (*words, *_without_py(words))):
            return name
    return None


def one_of_several(dlls: Iterable[str]) -> dict[str, str]:
    """Return alternative DLLs of which one suffices, such as several versions of FFmpeg.

    A package that supports several FFmpeg versions has one image for each; only one of them loads.
    """
    versions: dict[str, set[str]] = defaultdict(set)
    for dll in map(base_name, dlls):
        if match := _FFMPEG.fullmatch(dll):
            versions[match[1]].add(dll)
    return {
        dll: ", ".join(sorted(several))
        for several in versions.values()
        if len(several) > 1
        for dll in several
    }


def _without_py(words: Iterable[str]) -> list[str]:
    return [word[2:] for word in words if word.startswith("py") and len(word) >= _TELLING + 2]


def flat(name: str) -> str:
    """Return a distribution's or DLL's name without hyphens, dots and case."""
    return re.sub(r"[-_.]+", "", name.casefold())
