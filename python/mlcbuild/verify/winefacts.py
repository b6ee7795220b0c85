"""Wine's messages while it ran a program, and their meaning for Windows. Pure functions.

Wine 8 loads an image whose imports are not all exported, and crashes when one is called; for stubs
it prints a message and crashes too. A failure under Wine is therefore a failure on Windows only if
Windows lacks the same function or DLL, which the loader model's data of Windows tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from mlcbuild.lab.wine_process import START_FAILED
from mlcbuild.loader.names import fold, is_api_set
from mlcbuild.msvc import UCRT
from mlcbuild.supervised import describe_exit

if TYPE_CHECKING:
    from mlcbuild.loader.systemdata import SystemData

#: The channels that print what is read here; few lines a process.
CHANNELS: Final = "-all,err+module,warn+module"

_STUB: Final = re.compile(r"to unimplemented function (?P<dll>\S+)\.(?P<symbol>[^.\s]+), aborting")
_NO_EXPORT: Final = re.compile(
    r'No implementation for (?P<dll>.+)\.(?P<symbol>[^.\s]+) imported from L"(?P<by>.*?)"'
)
_NO_DLL: Final = re.compile(r'Library (?P<dll>.+?) \(which is needed by L"(?P<by>.*?)"\) not found')
_BAD_DLL: Final = re.compile(
    r'Loading library (?P<dll>.+?) \(which is needed by L"(?P<by>.*?)"\) failed'
    r" \(error (?P<status>\w+)\)"
)
_NO_START: Final = re.compile(r'Initialization of L"(?P<dll>.*?)" failed')
#: Python's words for a function that GetProcAddress did not find, and for Windows' "120: this
#: function is not supported on this system", which Wine's half-made functions answer.
_NO_FUNCTION: Final = re.compile(r"function '(?P<symbol>\w+)' not found")
_NOT_SUPPORTED: Final = re.compile(r"\[WinError 120\]")
#: A line of Wine's log: thread, class, channel.
_LOGGED: Final = re.compile(r"^[0-9a-f]{4,}:(?:err|fixme|trace|warn):.*\n?", re.MULTILINE)
#: Windows' words for "internal error": Wine's, where a process that it starts dies at once.
NOT_STARTED: Final = re.compile(rf"\[WinError {START_FAILED}\]")
#: Python's words for what the loader said, where the loader's own log must name the cause.
_LOAD_FAILED: Final = re.compile(r"DLL load failed|\[WinError (?:126|127|182|193|998|1114|-\d+)\]")

_STATUS_DIED: Final = 0x80000000
_Item = TypeVar("_Item")


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """The facts in one process's log. DLLs as requested; importers by their base names."""

    #: Called, and there in name only: (DLL, function).
    stubs: tuple[tuple[str, str], ...] = ()
    #: Imported and not exported: (DLL, function, importer).
    unexported: tuple[tuple[str, str, str], ...] = ()
    #: Needed and not found, the deepest only: (DLL, importer).
    missing: tuple[tuple[str, str], ...] = ()
    #: Needed, found and refused: (DLL, importer).
    refused: tuple[tuple[str, str], ...] = ()
    #: DLLs whose initialiser failed.
    initialisers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """``lacks``: what Wine lacks and Windows has. ``reason``: why the wheel is bad on Windows."""

    verdict: Literal["broken", "cannot-tell"]
    reason: str
    lacks: tuple[str, ...] = ()


def _base(path: str) -> str:
    return re.split(r"[\\/]", path)[-1]


def without_log(text: str) -> str:
    """Return what the program itself wrote: its output without the lines of Wine's log."""
    return _LOGGED.sub("", text)


def read_log(text: str) -> Said:
    """Read what Wine printed on its module channel."""
    missing = [(m["dll"], _base(m["by"])) for m in _NO_DLL.finditer(text)]
    bad = [(m["dll"], _base(m["by"])) for m in _BAD_DLL.finditer(text)]
    # What was there and failed for its own missing DLL is "not found" too: not the cause.
    importers = {fold(by) for _, by in (*missing, *bad)}
    unexported = ((m["dll"], m["symbol"], _base(m["by"])) for m in _NO_EXPORT.finditer(text))
    return Said(
        stubs=_once((m["dll"], m["symbol"]) for m in _STUB.finditer(text)),
        unexported=_once(unexported),
        missing=_once(pair for pair in missing if fold(_base(pair[0])) not in importers),
        refused=_once(bad),
        initialisers=tuple(dict.fromkeys(_base(m["dll"]) for m in _NO_START.finditer(text))),
    )


def _once(items: Iterable[_Item]) -> tuple[_Item, ...]:
    return tuple(dict.fromkeys(items))


def _windows_exports(system: SystemData, dll: str, symbol: str) -> bool | None:
    """Tell whether Windows' own DLL exports it; None where the data does not know."""
    found = system.dll(_named(dll), "x86_64")
    if found is None:
        return False
    if found.table is None:
        return None
    return found.table.has(symbol) or (None if not found.table.complete else False)


def _named(dll: str) -> str:
    return dll if "." in dll else f"{dll}.dll"


def _windows_has(system: SystemData, dll: str) -> bool:
    name = fold(_named(dll))
    return system.dll(name, "x86_64") is not None or (
        is_api_set(name) and system.api_set(name) == "known"
    )


def refused(said: Said, system: SystemData) -> Iterator[str]:
    """Yield why Windows refuses what Wine loaded: exports that neither the DLL nor Windows has."""
    for dll, symbol, importer in said.unexported:
        if _windows_exports(system, dll, symbol) is False:
            yield f"{importer} imports {symbol} from {dll}, which does not export it (127)"


def judge(said: Said, *, error: str, code: int, system: SystemData, wine: str) -> Judgement:
    """Judge a failure: ``error`` is Python's one line, ``code`` the exit code of the process."""
    lacks, unknown = _lacks(said, error, system)
    reasons = [*refused(said, system)]
    reasons += [
        f"{importer} needs {dll}, which neither the wheel, what it requires nor Windows has (126)"
        for dll, importer in said.missing
        if not _windows_has(system, dll)
    ]
    reasons += [
        f"{importer} needs {dll}, which is not an image for this process (193)"
        for dll, importer in said.refused
    ]
    if reasons:
        return Judgement(verdict="broken", reason="; ".join(reasons), lacks=lacks)
    if lacks or unknown:
        what = ", ".join((*lacks, *unknown))
        return Judgement(
            verdict="cannot-tell",
            reason=f"{wine} lacks {what}, which Windows {'has' if lacks else 'may have'}",
            lacks=lacks,
        )
    if said.initialisers:
        return Judgement(
            verdict="broken",
            reason=f"the initialiser of {said.initialisers[0]} fails (1114): {error}",
        )
    if code >= _STATUS_DIED:
        died = f"it {describe_exit(code)} under {wine}"
        return Judgement(verdict="cannot-tell", reason=f"{died}, without a known cause")
    if _LOAD_FAILED.search(error) or NOT_STARTED.search(error):
        return Judgement(verdict="cannot-tell", reason=f"{wine} reports {error}, without a cause")
    return Judgement(verdict="broken", reason=error)


def _lacks(said: Said, error: str, system: SystemData) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what Windows has and Wine lacks, and what Wine lacks and Windows may have."""
    sure: list[str] = []
    unsure: list[str] = []
    # What is imported and not there does no harm until it is called, and is a stub then.
    for dll, symbol in said.stubs:
        known = _windows_exports(system, dll, symbol)
        if known is not False:
            (sure if known else unsure).append(f"{dll}!{symbol}")
    sure += [dll for dll, _ in said.missing if _windows_has(system, dll)]
    if found := _NO_FUNCTION.search(error):
        holders = ("kernel32.dll", "ntdll.dll", "user32.dll", "advapi32.dll", UCRT)
        sure += [
            f"{dll}!{found['symbol']}"
            for dll in holders
            if _windows_exports(system, dll, found["symbol"])
        ]
    if _NOT_SUPPORTED.search(error):
        unsure.append(f"a function that was called ({error})")
    return tuple(dict.fromkeys(sure)), tuple(dict.fromkeys(unsure))
