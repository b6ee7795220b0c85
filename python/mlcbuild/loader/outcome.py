"""The loader's result for one image: its dependencies, where each is found, the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["loads", "fails", "may-fail"]

Origin = Literal[
    "dll-dir",
    "python-dir",
    "added-dir",
    "companion",
    "system",
    "api-set",
    "driver",
    "missing",
]

#: Why a load fails or may fail. ``missing-*`` and ``wrong-machine`` are plain faults of the files;
#: ``debug-runtime``, ``driver``, ``redist``, ``old-redist`` and ``optional`` say who would provide
#: the missing DLL, ``toolkit`` that the package looks for it on the machine; ``load-flags`` are the
#: importer's own, which leave the DLL's folder out; ``no-exports`` is a DLL without any export
#: table that something imports from.
Cause = Literal[
    "missing-dll",
    "load-flags",
    "missing-export",
    "missing-ordinal",
    "no-exports",
    "forwarder-loop",
    "wrong-machine",
    "not-a-pe",
    "debug-runtime",
    "driver",
    "redist",
    "old-redist",
    "optional",
    "unknown-api-set",
    "toolkit",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """One needed DLL and the place where Windows finds it. ``path`` is None outside the package."""

    name: str
    origin: Origin
    path: str | None = None
    delayed: bool = False
    #: Every other legal outcome, where added folders hold copies too (their order is undefined).
    alternatives: tuple[str, ...] = ()
    #: Whose import this is: the name of the image itself or of one of its dependencies.
    importer: str = ""
    #: False for a dependency of a dependency.
    direct: bool = True
    #: Key of the winning file in ``World`` (its facts are ``world.image(key)``); None if built in.
    key: str | None = None
    #: Who provides it, in words, where that is not obvious from the origin.
    provider: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One fault that was found. ``certain`` is False if it depends on the machine."""

    cause: Cause
    winerror: int
    #: From the image to the guilty DLL.
    chain: tuple[str, ...]
    reason: str
    certain: bool = True
    #: A fault of a delay-load: it strikes at the first call, not at load.
    delayed: bool = False
    #: The first missing export, by name or as ``#ordinal``, and all that this import lacks.
    symbol: str | None = None
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What Windows will do with one image.

    ``winerror`` is its error (126, 127, 182, 193, 487, 1114); with ``may-fail``, the error if it
    fails; None if it loads. ``chain`` leads from the image to the faulty one.
    """

    verdict: Verdict
    winerror: int | None = None
    chain: tuple[str, ...] = ()
    reason: str = ""
    needs: tuple[Need, ...] = ()
    #: Every fault of the closure, the one that Windows reports first; delayed ones at the end.
    problems: tuple[Problem, ...] = ()
    #: The cause of the reported fault; None when it loads.
    cause: Cause | None = None
