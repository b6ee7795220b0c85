"""The request of a trace and its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Load

#: ``not-found`` a DLL is missing, ``image`` the file is none for this process, ``export`` a symbol
#: is missing, ``init`` an initialiser failed, ``access`` the file may not be mapped, ``search``
#: everything loads by its path and is not found by name, ``python`` the import failed in Python.
Stage = Literal["not-found", "image", "export", "init", "access", "search", "python"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How to trace. ``limit_s`` is for each child process, in seconds."""

    add_dirs: tuple[str, ...] = ()
    limit_s: float = 60.0
    loader_log: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """An exception that native code raised: NTSTATUS, and the image and offset where it stood.

    ``says`` is the type and text of a C++ exception, where they could be read.
    """

    code: int
    module: str
    rva: int
    says: str = ""
    #: Nobody caught it; else it was seen when it was raised.
    unhandled: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Exit:
    """How a child ended that did not come to its end: its exit code, or that it hung."""

    code: int
    timed_out: bool
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class LogLine:
    """One line of ``--loader-log``: ``load``, ``unload``, ``exception``, ``debug`` or ``exit``."""

    kind: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """The answer. Paths are those of the machine that ran the trace."""

    target: str
    #: ``Windows 10.0.19045`` or ``Wine 8.0``, and the Python that loaded.
    host: str
    python: str
    loads: bool
    stage: Stage | None = None
    #: The image at fault (a bare name where there is no file), and the image that needs it.
    culprit: str = ""
    importer: str = ""
    #: What is missing of it: symbols, or the DLLs that were not found.
    missing: tuple[str, ...] = ()
    #: What Windows says to loading the target: observed there, elsewhere partly predicted.
    winerror: int | None = None
    #: The rule id of ``mlcbuild check``, or ``init-failed`` and the like.
    cause: str = ""
    reason: str = ""
    fix: str = ""
    #: What this loader said to the target, None where the process ended.
    observed: int | None = None
    fault: Fault | None = None
    exit: Exit | None = None
    #: What the loader model says of the same image on Windows.
    prediction: Load | None = None
    #: Facts of this answer that were not seen here but follow from the files.
    predicted: tuple[str, ...] = ()
    #: Images that loaded, leaf first.
    loaded: tuple[str, ...] = ()
    log: tuple[LogLine, ...] = ()
    notes: tuple[str, ...] = ()
